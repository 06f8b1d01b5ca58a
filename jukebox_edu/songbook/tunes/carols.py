"""Carols.

Lesson: notebooks/00_ten_minutes.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.notation import OldSong, read_verses

CAROLS: dict[str, OldSong] = {
    "silent_night": OldSong(
        "Silent Night",
        "tune F. X. Gruber 1818; English words J. F. Young 1859",
        3, 0, 1.25,
        read_verses(
            """
            A  g1.5 ~a.5 g e3 g1.5 ~a.5 g e3
            B  d'2 d' b3 c'2 c' g3
            C  a2 a c'1.5 ~b.5 a g1.5 a.5 g e3
            D  a2 a c'1.5 b.5 a g1.5 a.5 g e3
            E  d'2 d' f'1.5 d'.5 b c'3 ~e'3
            F  c'1.5 ~g.5 e g1.5 f.5 d c5 r
            """,
            """
            A Silent night, holy night,
            B All is calm, all is bright
            C Round yon virgin mother and child,
            D Holy infant so tender and mild,
            E Sleep in heavenly peace,
            F Sleep in heavenly peace.

            A Silent night, holy night,
            B Shepherds quake at the sight,
            C Glories stream from heaven afar,
            D Heavenly hosts sing alleluia,
            E Christ, the Savior, is born,
            F Christ, the Savior, is born.

            A Silent night, holy night,
            B Son of God, love's pure light
            C Radiant beams from thy holy face,
            C With the dawn of redeeming grace,
            E Jesus, Lord, at thy birth,
            F Jesus, Lord, at thy birth.
            """,
        ),
    ),
    "joy_to_the_world": OldSong(
        "Joy to the World",
        "words Isaac Watts 1719; tune Lowell Mason 1848",
        4, 0, 1.5,
        read_verses(
            """
            A c'2 b1.5 a.5 g3 f e2 d2 c3
            B g a3 a b3 b c'3
            C c' c' ~b a ~g g1.5 ~f.5 ~e
            D c' c' ~b a ~g g1.5 ~f.5 ~e
            E e e e e e.5 ~f.5 g3
            F f.5 ~e.5 d d d d.5 ~e.5 f3
            G e.5 ~d.5 c ~c'2 a g1.5 ~f.5 e ~f e2 d2 c4
            """,
            """
            A Joy to the world, the Lord is come,
            B Let earth receive her King.
            C Let every heart
            D Prepare him room,
            E And heav'n and nature sing,
            F And heav'n and nature sing,
            G And heav'n, and heav'n and nature sing.

            A Joy to the world, the Savior reigns,
            B Let men their songs employ,
            C While fields and floods,
            D Rocks, hills and plains
            E Repeat the sounding joy,
            F Repeat the sounding joy,
            G Repeat, repeat the sounding joy.
            """,
        ),
    ),
    "wenceslas": OldSong(
        "Good King Wenceslas",
        "words John Mason Neale 1853; tune Tempus adest floridum, printed 1582",
        4, 0, 1.2,
        read_verses(
            """
            A c c c d c c g,2
            B a, g, a, b, c2 c2
            C g f e d e d c2
            D g, g, a, b, c c d2
            E g f e d c2 ~f2 c4
            """,
            """
            A Good King Wenceslas looked out
            B On the feast of Stephen,
            A When the snow lay round about,
            B Deep and crisp and even.
            C Brightly shone the moon that night,
            B Though the frost was cruel,
            D When a poor man came in sight,
            E Gath'ring winter fuel.

            A Hither, page, and stand by me,
            B If thou know'st it, telling,
            A Yonder peasant, who is he?
            B Where and what his dwelling?
            C Sire, he lives a good league hence,
            B Underneath the mountain,
            D Right against the forest fence,
            E By Saint Agnes' fountain.
            """,
        ),
    ),
    "faithful": OldSong(
        "O Come, All Ye Faithful",
        "tune J. F. Wade 1743; English words Frederick Oakeley 1841",
        4, 1, 1.1,
        read_verses(
            """
            A c c2 g, c d2 g,2
            B e d e f e2 d
            C c c2 b, a, b, c d ~e b,2 a,1.5 ~g,.5 g,3
            D c c b, c d c2 g,
            E e e d e f e2 d
            F e f e d c b,2 c
            G f e2 d1.5 ~c.5 ~c3
            """,
            """
            A O come, all ye faithful,
            B Joyful and triumphant,
            C O come ye, O come ye to Bethlehem;
            D O come, let us adore him,
            E O come, let us adore him,
            F O come, let us adore him,
            G Christ the Lord.
            """,
        ),
    ),
    "manger": OldSong(
        "Away in a Manger",
        "words anonymous, United States 1885; tune J. R. Murray 1887",
        3, 1, 1.0,
        read_verses(
            """
            A g g1.5 f.5 e e1.5 d.5 c c b, a, g,2
            B g, g,1.5 a,.5 g, g, d b, a, g, c e2
            C g, f1.5 e.5 d e1.5 d.5 c d a, b, c2
            """,
            """
            A Away in a manger, no crib for a bed,
            B The little Lord Jesus laid down his sweet head;
            A The stars in the bright sky looked down where he lay,
            C The little Lord Jesus, asleep on the hay.

            A The cattle are lowing, the baby awakes,
            B But little Lord Jesus, no crying he makes;
            A I love thee, Lord Jesus, look down from the sky
            C And stay by my cradle till morning is nigh.
            """,
        ),
    ),
    "hark": OldSong(
        "Hark! The Herald Angels Sing",
        "words Charles Wesley 1739; tune Felix Mendelssohn 1840, set by W. H. Cummings 1855",
        4, 0, 1.1,
        read_verses(
            """
            A g, c c1.5 b,.5 c e e ~d
            B g g g1.5 f.5 e d e2
            C g d d1.5 b,.5 b, a, g,2
            D g g g c f e e ~d
            E a a a g f e f2
            F d e.5 ~f.5 g1.5 c.5 c d e2
            G d e.5 ~f.5 g1.5 c.5 c d c2
            """,
            """
            A Hark! the herald angels sing,
            B Glory to the newborn King;
            A Peace on earth and mercy mild,
            C God and sinners reconciled.
            D Joyful, all ye nations, rise,
            D Join the triumph of the skies;
            E With th'angelic host proclaim
            F Christ is born in Bethlehem.
            E Hark! the herald angels sing,
            G Glory to the newborn King.

            A Christ, by highest heav'n adored,
            B Christ, the everlasting Lord,
            A Late in time behold him come,
            C Offspring of a virgin's womb.
            D Veiled in flesh the Godhead see,
            D Hail th'incarnate Deity,
            E Pleased as man with man to dwell,
            F Jesus, our Emmanuel.
            E Hark! the herald angels sing,
            G Glory to the newborn King.
            """,
        ),
    ),
    "gladness": OldSong(
        "As with Gladness Men of Old",
        "words W. C. Dix 1861; tune Conrad Kocher 1838",
        4, 0, 1.1,
        read_verses(
            """
            A c b,.5 ~c.5 d c f f e2
            B a, b, c a, g, g, g,2
            C e d c e g1.5 f.5 e2
            D a, b, c f e d c2
            """,
            """
            A As with gladness men of old
            B Did the guiding star behold,
            A As with joy they hailed its light,
            B Leading onward, beaming bright,
            C So, most gracious Lord, may we
            D Evermore be led to thee.

            A As with joyful steps they sped
            B To that lowly manger bed,
            A There to bend the knee before
            B Him whom heav'n and earth adore,
            C So may we with willing feet
            D Ever seek thy mercy seat.
            """,
        ),
    ),
}  # fmt: skip
"""Songs by short name. Lesson: notebooks/00_ten_minutes.ipynb"""
