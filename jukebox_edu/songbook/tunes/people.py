"""Songs of the people: folk songs, patriotic songs, and tunes everybody hums.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.notation import NEW_WORDS, OldSong, read_verses

SONGS_OF_THE_PEOPLE: dict[str, OldSong] = {
    "river_song": OldSong(
        "Along the River (Oh! Susanna)",
        "tune Stephen Foster 1848; new words",
        4, 1, 1.1,
        read_verses(
            """
            A c.5 d.5 e g g1.5 a.5 g e
            B c1.5 d.5 e e d c d3
            C c1.5 d.5 e e d d c4
            D f2 f2 a a2
            E a g g e c d3
            F c1.5 d.5 e e d d c3
            """,
            """
            A Oh I walk along the river
            B With a song for you and me,
            A And the sun is warm and golden,
            C And the wind is in the tree.
            D Come along now,
            E oh come and sing with me,
            A For the day is long and lovely
            F As we wander to the sea.
            """,
        ),
        NEW_WORDS,
    ),
    "ode_to_joy": OldSong(
        "Song of Joy",
        "tune L. van Beethoven 1824; new words",
        4, 0, 1.0,
        read_verses(
            """
            A e e f g g f e d
            B c c d e e1.5 d.5 d2
            C c c d e d1.5 c.5 c2
            """,
            """
            A Sing with joy and raise your voices,
            B Every heart can find a song.
            A Let the morning fill with music,
            C Let the bells ring all day long.
            """,
        ),
        NEW_WORDS,
    ),
    "cradle_song": OldSong(
        "Cradle Song",
        "tune Johannes Brahms 1868; new words",
        3, 1, 0.9,
        read_verses(
            """
            A e.5 e.5 g2 e.5 e.5 g2
            B e.5 g.5 c' b a a g
            C d.5 e.5 f d d.5 e.5 f2
            D d.5 f.5 b.5 a.5 g b c'2
            """,
            """
            A Close your eyes, go to sleep,
            B All the stars will shine for you,
            C And the moon will watch you too,
            D Sleep, my dear, till morning comes.
            """,
        ),
        NEW_WORDS,
    ),
    "auld_lang_syne": OldSong(
        "Auld Lang Syne",
        "words Robert Burns 1788; Scottish tune, printed 1799",
        4, 1, 0.95,
        read_verses(
            """
            A g, c1.5 c.5 c e d1.5 c.5 d
            B e c1.5 c.5 e g a3
            C a g1.5 e.5 e c d1.5 c.5 d
            D e c1.5 ~a,.5 a, ~g, c3
            E a g1.5 ~e.5 e ~c d1.5 c.5 d
            F a g1.5 ~e.5 e ~g a3
            """,
            """
            A Should auld acquaintance be forgot,
            B And never brought to mind?
            C Should auld acquaintance be forgot,
            D And auld lang syne?
            E For auld lang syne, my dear,
            F For auld lang syne,
            C We'll take a cup of kindness yet,
            D For auld lang syne.
            """,
        ),
    ),
    "yankee_doodle": OldSong(
        "Yankee Doodle",
        "traditional, eighteenth century",
        4, 0, 1.25,
        read_verses(
            """
            A c c d e c e d
            B g, c c d e c2 b,2
            C c c d e f e d
            D c b, g, a, b, c2 c2
            E a,1.5 b,.5 a, g, a, b, c2
            F g,1.5 a,.5 g, f, e,2 g,2
            G a,1.5 b,.5 a, g, a, b, c
            H a, g, c b, d c2 c2
            """,
            """
            A Yankee Doodle went to town
            B A-riding on a pony,
            C Stuck a feather in his cap
            D And called it macaroni.
            E Yankee Doodle keep it up,
            F Yankee Doodle dandy,
            G Mind the music and the step
            H And with the girls be handy.
            """,
        ),
    ),
    "bonnie": OldSong(
        "My Bonnie Lies over the Ocean",
        "Scottish song, printed 1881 by Charles E. Pratt",
        3, 1, 1.2,
        read_verses(
            """
            A g, e d c d c a, g, e,4
            B g, e d c c b, c d5
            C g, a, d c b, a, b, c5
            C2 g, a, d c b, a, b, c6
            D g,3 c3 a,3 d2
            E c b, b, b, b, a, b, c2
            F d e3
            G c b, b, b, b, a, b, c5
            """,
            """
            A My Bonnie lies over the ocean,
            B My Bonnie lies over the sea,
            A My Bonnie lies over the ocean,
            C2 O bring back my Bonnie to me.
            D Bring back, bring back,
            E O bring back my Bonnie to me,
            F to me.
            D Bring back, bring back,
            G O bring back my Bonnie to me.

            A The winds have blown over the ocean,
            B The winds have blown over the sea,
            A The winds have blown over the ocean
            C And brought back my Bonnie to me.
            """,
        ),
    ),
    "clementine": OldSong(
        "Clementine",
        "Percy Montrose 1884",
        3, 1, 1.1,
        read_verses(
            """
            A c.5 c.5 c g, e.5 e.5 e c
            B c.5 e.5 g g f.5 e.5 d2
            C d.5 e.5 f f e.5 d.5 e c
            D c.5 e.5 d g, b,.5 d.5 c2
            """,
            """
            A In a cavern, in a canyon,
            B Excavating for a mine,
            C Dwelt a miner, forty-niner,
            D And his daughter Clementine.
            A Oh my darling, oh my darling,
            B Oh my darling Clementine,
            C You are lost and gone forever,
            D Dreadful sorry, Clementine.

            A Light she was and like a fairy,
            B And her shoes were number nine,
            C Herring boxes without topses,
            D Sandals were for Clementine.
            A Oh my darling, oh my darling,
            B Oh my darling Clementine,
            C You are lost and gone forever,
            D Dreadful sorry, Clementine.
            """,
        ),
    ),
    "my_country": OldSong(
        "My Country, 'Tis of Thee",
        "words Samuel F. Smith 1831; tune printed 1744",
        3, 0, 0.95,
        read_verses(
            """
            A c c d b,1.5 c.5 d
            B e e f e1.5 d.5 c
            C d c b, c3
            D g g g g1.5 f.5 e
            E f f f f1.5 e.5 d
            F e f.5 ~e.5 d.5 ~c.5 e1.5 f.5 g
            G a.5 ~f.5 e d c3
            """,
            """
            A My country, 'tis of thee,
            B Sweet land of liberty,
            C Of thee I sing;
            D Land where my fathers died,
            E Land of the pilgrims' pride,
            F From every mountainside
            G Let freedom ring.

            A My native country, thee,
            B Land of the noble free,
            C Thy name I love;
            D I love thy rocks and rills,
            E Thy woods and templed hills,
            F My heart with rapture thrills
            G Like that above.
            """,
        ),
    ),
}  # fmt: skip
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""
