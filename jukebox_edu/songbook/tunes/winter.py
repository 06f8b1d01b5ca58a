"""Merry songs of winter.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.notation import OldSong, read_verses

WINTER_SONGS: dict[str, OldSong] = {
    "jingle_bells": OldSong(
        "Jingle Bells",
        "J. L. Pierpont 1857",
        4, 0, 1.1,
        read_verses(
            """
            A e e e2 e e e2
            B e g c1.5 d.5 e4
            C f f f1.5 f.5 f e e
            D e.5 e.5 e d d e d4
            E e.5 e.5 g g f d c4
            F g, e d c g,3
            G g,.5 g,.5 g, e d c a,4
            H a, f e d b,4
            I g g f d e4
            J g, e d c g,4
            K g, e d c a,3
            L a, a, f e d g g g
            M g a g f d c4
            """,
            """
            A Jingle bells, jingle bells,
            B Jingle all the way!
            C Oh what fun it is to ride
            D in a one-horse open sleigh!
            A Jingle bells, jingle bells,
            B Jingle all the way!
            C Oh what fun it is to ride
            E in a one-horse open sleigh!

            F Dashing through the snow
            G in a one-horse open sleigh,
            H O'er the fields we go,
            I Laughing all the way;
            J Bells on bobtail ring,
            K Making spirits bright,
            L What fun it is to ride and sing
            M a sleighing song tonight!

            A Jingle bells, jingle bells,
            B Jingle all the way!
            C Oh what fun it is to ride
            D in a one-horse open sleigh!
            A Jingle bells, jingle bells,
            B Jingle all the way!
            C Oh what fun it is to ride
            E in a one-horse open sleigh!
            """,
        ),
    ),
    "deck_the_halls": OldSong(
        "Deck the Halls",
        "Welsh tune, sixteenth century; words Thomas Oliphant 1862 and 1877",
        4, 0, 1.15,
        read_verses(
            """
            A g1.5 f.5 e d c d e c
            B d.5 e.5 f.5 d.5 e1.5 d.5 c b, c2
            C d1.5 e.5 f d e1.5 f.5 g d
            D e.5 f#.5 g a.5 b.5 c' b a g2
            E a.5 a.5 a.5 a.5 g1.5 f.5 e d c2
            """,
            """
            A Deck the halls with boughs of holly,
            B Fa la la la la la la la la,
            A 'Tis the season to be jolly,
            B Fa la la la la la la la la.
            C Don we now our gay apparel,
            D Fa la la la la la la la la,
            A Troll the ancient Yuletide carol,
            E Fa la la la la la la la la.

            A See the blazing Yule before us,
            B Fa la la la la la la la la,
            A Strike the harp and join the chorus,
            B Fa la la la la la la la la.
            C Follow me in merry measure,
            D Fa la la la la la la la la,
            A While I tell of Yuletide treasure,
            E Fa la la la la la la la la.
            """,
        ),
    ),
    "nicholas": OldSong(
        "Jolly Old Saint Nicholas",
        "words attributed to Emily H. Miller 1865; tune nineteenth century",
        4, 0, 1.1,
        read_verses(
            """
            A e e e e d d d2
            B c c c c e4
            C a, a, a, a, g, g, c2
            D d c d e d4
            E d c d e c4
            F d c d.5 d.5 e d4
            """,
            """
            A Jolly old Saint Nicholas,
            B Lean your ear this way;
            C Don't you tell a single soul
            F What I'm going to say.
            A Christmas Eve is coming soon;
            B Now, you dear old man,
            C Whisper what you'll bring to me;
            E Tell me if you can.

            A When the clock is striking twelve,
            B When I'm fast asleep,
            C Down the chimney, broad and black,
            D With your pack you'll creep.
            A All the stockings you will find
            B Hanging in a row;
            C Mine will be the shortest one,
            E You'll be sure to know.
            """,
        ),
    ),
}  # fmt: skip
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""
