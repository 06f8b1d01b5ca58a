"""Hymns.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.notation import OldSong, read_verses

HYMNS: dict[str, OldSong] = {
    "amazing_grace": OldSong(
        "Amazing Grace",
        "words John Newton 1779; tune New Britain, printed 1829",
        3, 1, 1.0,
        read_verses(
            """
            A g, c2 e.5 ~c.5 e2 d c2 a, g,2
            B g, c2 e.5 ~c.5 e2 d g5
            C e g2 e.5 ~c.5 e2 d c2 a, g,2
            D g, c2 e.5 ~c.5 e2 d c5
            """,
            """
            A Amazing grace, how sweet the sound
            B That saved a wretch like me!
            C I once was lost, but now am found,
            D Was blind, but now I see.

            A 'Twas grace that taught my heart to fear,
            B And grace my fears relieved;
            C How precious did that grace appear
            D The hour I first believed!

            A Through many dangers, toils and snares,
            B I have already come;
            C 'Tis grace has brought me safe thus far,
            D And grace will lead me home.
            """,
        ),
    ),
    "abide": OldSong(
        "Abide with Me",
        "words H. F. Lyte 1847; tune W. H. Monk 1861",
        4, 0, 1.0,
        read_verses(
            """
            A e2 e d c2 g2 a g g f e4
            B e2 f g a2 g2 f d e f# g4
            C e2 e d c2 g2 g f f e d4
            D d2 e f e d c f e2 d2 c4
            """,
            """
            A Abide with me; fast falls the eventide;
            B The darkness deepens; Lord, with me abide.
            C When other helpers fail and comforts flee,
            D Help of the helpless, O abide with me.

            A Swift to its close ebbs out life's little day;
            B Earth's joys grow dim, its glories pass away;
            C Change and decay in all around I see;
            D O thou who changest not, abide with me.

            A I need thy presence every passing hour;
            B What but thy grace can foil the tempter's power?
            C Who like thyself my guide and stay can be?
            D Through cloud and sunshine, Lord, abide with me.
            """,
        ),
    ),
    "old_hundredth": OldSong(
        "All People That on Earth Do Dwell",
        "words William Kethe 1561; tune Louis Bourgeois 1551",
        4, 1, 1.0,
        read_verses(
            """
            A c c b, a, g, c d e
            B e e e d c f e d
            C c d e d c a, b, c
            D g e c d f e d c
            """,
            """
            A All people that on earth do dwell,
            B Sing to the Lord with cheerful voice;
            C Him serve with mirth, his praise forth tell,
            D Come ye before him and rejoice.

            A O enter then his gates with praise,
            B Approach with joy his courts unto;
            C Praise, laud, and bless his name always,
            D For it is seemly so to do.

            A For why, the Lord our God is good,
            B His mercy is for ever sure;
            C His truth at all times firmly stood,
            D And shall from age to age endure.
            """,
        ),
    ),
    "friend": OldSong(
        "What a Friend We Have in Jesus",
        "words Joseph Scriven 1855; tune Charles C. Converse 1868",
        4, 0, 0.8,
        read_verses(
            """
            A g1.5 g.5 a.5 g.5 e.5 c.5 c2 a,2
            B g,1.5 c.5 e.5 c.5 g.5 e.5 d4
            C g,1.5 c.5 e.5 d.5 c.5 b,.5 c4
            D d1.5 c#.5 d.5 e.5 f.5 d.5 e2 g2
            E a1.5 a.5 g.5 e.5 f.5 e.5 d4
            """,
            """
            A What a friend we have in Jesus,
            B All our sins and griefs to bear!
            A What a privilege to carry
            C Everything to God in prayer!
            D O what peace we often forfeit,
            E O what needless pain we bear,
            A All because we do not carry
            C Everything to God in prayer.

            A Have we trials and temptations?
            B Is there trouble anywhere?
            A We should never be discouraged,
            C Take it to the Lord in prayer.
            D Can we find a friend so faithful
            E Who will all our sorrows share?
            A Jesus knows our every weakness,
            C Take it to the Lord in prayer.
            """,
        ),
    ),
    "jesus_loves_me": OldSong(
        "Jesus Loves Me",
        "words Anna B. Warner 1860; tune William B. Bradbury 1862",
        4, 0, 1.1,
        read_verses(
            """
            A g e e d e g g2
            B a a c' a a g g2
            C a a g c e d c2
            D g2 e g a c'3
            E g2 e c e d3
            F g2 e g a c'2
            G a g c e d c4
            """,
            """
            A Jesus loves me, this I know,
            B For the Bible tells me so;
            A Little ones to him belong,
            C They are weak, but he is strong.
            D Yes, Jesus loves me,
            E Yes, Jesus loves me,
            F Yes, Jesus loves me,
            G The Bible tells me so.

            A Jesus loves me, he who died
            B Heaven's gate to open wide;
            A He will wash away my sin,
            C Let his little child come in.
            D Yes, Jesus loves me,
            E Yes, Jesus loves me,
            F Yes, Jesus loves me,
            G The Bible tells me so.
            """,
        ),
    ),
}  # fmt: skip
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""
