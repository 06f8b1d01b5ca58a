"""Nursery songs.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.notation import NEW_WORDS, OldSong, read_verses

NURSERY_SONGS: dict[str, OldSong] = {
    "twinkle": OldSong(
        "Twinkle, Twinkle, Little Star",
        "French tune before 1780; words Jane Taylor 1806",
        4, 0, 1.0,
        read_verses(
            """
            A  c c g g a a g2
            B  f f e e d d c2
            C  g g f f e e d2
            C2 g.5 g.5 g f f e e d2
            """,
            """
            A Twinkle, twinkle, little star,
            B How I wonder what you are!
            C Up above the world so high,
            C Like a diamond in the sky.
            A Twinkle, twinkle, little star,
            B How I wonder what you are!

            A When the blazing sun is gone,
            B When he nothing shines upon,
            C Then you show your little light,
            C Twinkle, twinkle, all the night.
            A Twinkle, twinkle, little star,
            B How I wonder what you are!

            A Then the trav'ler in the dark
            B Thanks you for your tiny spark;
            C2 He could not see which way to go,
            C If you did not twinkle so.
            A Twinkle, twinkle, little star,
            B How I wonder what you are!
            """,
        ),
    ),
    "mary": OldSong(
        "Mary Had a Little Lamb",
        "words Sarah Hale 1830; tune nineteenth century",
        4, 0, 1.0,
        read_verses(
            """
            A  e d c d e e e2
            B  d d d2 e g g2
            C  e d c d e e e
            D  e d d e d c3
            E  c e d c d e e e2
            F  e d d e d c4
            """,
            """
            A Mary had a little lamb,
            B Little lamb, little lamb,
            C Mary had a little lamb,
            D Its fleece was white as snow.
            E And everywhere that Mary went,
            B Mary went, Mary went,
            C Everywhere that Mary went
            F The lamb was sure to go.
            """,
        ),
    ),
    "row": OldSong(
        "Row, Row, Row Your Boat",
        "traditional, printed 1852",
        3, 0, 1.4,
        read_verses(
            """
            A c3 c3 c2 d e3
            B e2 d e2 f g5 r
            C c' c' c' g g g e e e c c c
            D g2 f e2 d c5 r
            """,
            """
            A Row, row, row your boat
            B Gently down the stream.
            C Merrily, merrily, merrily, merrily,
            D Life is but a dream.
            """,
        ),
    ),
    "brother": OldSong(
        "Little Bird (Frère Jacques)",
        "French tune, eighteenth century; new words",
        4, 0, 1.0,
        read_verses(
            """
            A c d e c c d e c
            B e f g2 e f g2
            C g.5 a.5 g.5 f.5 e c
            D c g, c2 c g, c2
            """,
            """
            A Are you waking, are you waking,
            B Little bird, little bird?
            C Hear the bells of morning,
            C hear the bells of morning,
            D Ding ding dong, ding ding dong.
            """,
        ),
        NEW_WORDS,
    ),
    "london_bridge": OldSong(
        "London Bridge",
        "traditional, words and tune before 1880",
        4, 0, 1.0,
        read_verses(
            """
            A g1.5 a.5 g f e f g2
            B d e f2 e f g2
            C d2 g2 e c3
            """,
            """
            A London Bridge is falling down,
            B Falling down, falling down,
            A London Bridge is falling down,
            C My fair lady.

            A Build it up with wood and clay,
            B Wood and clay, wood and clay,
            A Build it up with wood and clay,
            C My fair lady.

            A Wood and clay will wash away,
            B Wash away, wash away,
            A Wood and clay will wash away,
            C My fair lady.
            """,
        ),
    ),
    "moonbeams": OldSong(
        "Moonbeams (Au clair de la lune)",
        "French tune, eighteenth century; new words",
        4, 0, 1.1,
        read_verses(
            """
            A c c c d e2 d2
            B c e d d c4
            C d d d d a,2 a,2
            D d c b, a, g,4
            """,
            """
            A By the light of moonbeams
            B We will walk tonight.
            C All the stars are shining,
            D All the world is bright.
            """,
        ),
        NEW_WORDS,
    ),
    "black_sheep": OldSong(
        "Baa, Baa, Black Sheep",
        "words printed 1744; French tune before 1780",
        4, 0, 1.0,
        read_verses(
            """
            A c c g g a.5 b.5 c'.5 a.5 g2
            B f f e e d d c2
            C g g.5 g.5 f f e e.5 e.5 d2
            D g g.5 g.5 f.5 f.5 f e.5 e.5 e.5 e.5 d2
            """,
            """
            A Baa, baa, black sheep, have you any wool?
            B Yes, sir, yes, sir, three bags full:
            C One for the master, one for the dame,
            D One for the little boy who lives down the lane.
            A Baa, baa, black sheep, have you any wool?
            B Yes, sir, yes, sir, three bags full.
            """,
        ),
    ),
    "lightly_row": OldSong(
        "Lightly Row",
        "German tune; English words, nineteenth century, author unknown",
        4, 0, 1.1,
        read_verses(
            """
            A g e e2 f d d2
            B c d e f g g g2
            C c e g g c4
            D d d d d d e f2
            E e e e e e f g2
            """,
            """
            A Lightly row, lightly row,
            B O'er the glassy waves we go;
            A Smoothly glide, smoothly glide,
            C On the silent tide.
            D Let the winds and waters be
            E Mingled with our melody;
            A Sing and float, sing and float,
            C In our little boat.
            """,
        ),
    ),
    "weasel": OldSong(
        "Pop Goes the Weasel",
        "English dance tune and words, 1853",
        3, 0, 1.6,
        read_verses(
            """
            A c2 c d2 d e g e c3
            B c2 c d2 d e3 c2 r
            C c2 c d2 d e ~g e c2 r
            D a3 d2 f e3 c3
            """,
            """
            A Half a pound of tuppenny rice,
            B Half a pound of treacle,
            C That's the way the money goes,
            D Pop goes the weasel!

            C Up and down the city road,
            B In and out the Eagle,
            C That's the way the money goes,
            D Pop goes the weasel!
            """,
        ),
    ),
    "farmer": OldSong(
        "The Farmer in the Dell",
        "German singing game; English words, United States before 1883",
        3, 1, 1.5,
        read_verses(
            """
            A g, c2 c c2 c c5
            B d e2 e e2 e e6
            C g3 g2 a g2 e c2
            D d e2 e d2 d c5
            E g, c3 c2 c c5
            F d e3 e2 e e6
            """,
            """
            A The farmer in the dell,
            B The farmer in the dell,
            C Hi ho, the derry oh,
            D The farmer in the dell.

            A The farmer takes a wife,
            B The farmer takes a wife,
            C Hi ho, the derry oh,
            D The farmer takes a wife.

            E The wife takes a child,
            F The wife takes a child,
            C Hi ho, the derry oh,
            D The farmer in the dell.
            """,
        ),
    ),
}  # fmt: skip
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""
