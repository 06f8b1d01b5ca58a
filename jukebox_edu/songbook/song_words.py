"""How words of the old songs are said, where neither dictionary nor rules would guess it.

Notation of the table
    As in `dictionary.py`: ``word PH PH PH`` entries, separated by ``;``.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

from jukebox_edu.songbook.dictionary import read_table

_SONG_WORDS = """
abide AH B AY D; acquaintance AH K W EY N T AH N S; adore AH D AO R; adored AH D AO R D;
against AH G EH N S T; agnes AE G N AH S; alleluia AE L EH L UW Y AH; already AO L R EH D IY;
amazing AH M EY Z IH NG; ancient EY N SH AH N T; any EH N IY; anywhere EH N IY W EH R;
apparel AH P AE R AH L; appear AH P IH R; approach AH P R OW CH; asleep AH S L IY P; auld OW L D;
awakes AH W EY K S; baa B AA; bags B AE G Z; bear B EH R; behold B IH HH OW L D;
bethlehem B EH TH L AH HH EH M; bible B AY B AH L; blown B L OW N; boxes B AA K S AH Z;
broad B R AO D; canyon K AE N Y AH N; carol K AE R AH L; cattle K AE T AH L; cavern K AE V ER N;
changest CH EY N JH AH S T; chorus K AO R AH S; christ K R AY S T; christmas K R IH S M AH S;
clementine K L EH M AH N T AY N; comforts K AH M F ER T S; coming K AH M IH NG;
country K AH N T R IY; cruel K R UW AH L; crying K R AY IH NG; dangers D EY N JH ER Z;
darkness D AA R K N AH S; deity D IY AH T IY; discouraged D IH S K ER IH JH D;
dreadful D R EH D F AH L; emmanuel IH M AE N Y UW EH L; even IY V AH N; eventide IY V AH N T AY D;
everything EH V R IY TH IH NG; excavating EH K S K AH V EY T IH NG; fathers F AA DH ER Z;
feather F EH DH ER; floods F L AH D Z; forever F AO R EH V ER; forfeit F AO R F IH T;
fountain F AW N T AH N; freedom F R IY D AH M; frost F R AO S T; fuel F Y UW AH L;
gladness G L AE D N AH S; glory G L AO R IY; god G AA D; godhead G AA D HH EH D;
gracious G R EY SH AH S; guide G AY D; guiding G AY D IH NG; head HH EH D; heav'n HH EH V N;
heaven's HH EH V AH N Z; helpless HH EH L P L AH S; herald HH EH R AH L D; hi HH AY;
highest HH AY AH S T; hosts HH OW S T S; jesus JH IY Z AH S; kindness K AY N D N AH S;
know'st N OW S T; knows N OW Z; laughing L AE F IH NG; lead L IY D; lives L IH V Z;
lowing L OW IH NG; lowly L OW L IY; macaroni M AE K AH R OW N IY; manger M EY N JH ER;
measure M EH ZH ER; melody M EH L AH D IY; mercy M ER S IY; mingled M IH NG G AH L D;
mountain M AW N T AH N; mountainside M AW N T AH N S AY D; native N EY T IH V; nature N EY CH ER;
needless N IY D L AH S; newborn N UW B AO R N; nicholas N IH K AH L AH S; noble N OW B AH L;
o'er AO R; often AO F AH N; onward AA N W ER D; peasant P EH Z AH N T; pilgrims P IH L G R AH M Z;
pleased P L IY Z D; power P AW R; prayer P R EH R; precious P R EH SH AH S;
presence P R EH Z AH N S; privilege P R IH V AH L IH JH; proclaim P R OW K L EY M;
radiant R EY D Y AH N T; rapture R AE P CH ER; reconciled R EH K AH N S AY L D;
redeeming R IH D IY M IH NG; reigns R EY N Z; sandals S AE N D AH L Z; savior S EY V Y ER;
shoes SH UW Z; sire S AY R; sleighing S L EY IH NG; smoothly S M UW DH L IY; snares S N EH R Z;
son S AH N; sorrows S AA R OW Z; sorry S AA R IY; soul S OW L; stephen S T IY V AH N; syne Z AY N;
templed T EH M P AH L D; temptations T EH M P T EY SH AH N Z; th'angelic TH AE N JH EH L IH K;
th'incarnate TH IH N K AA R N AH T; thee DH IY; thou DH AW; thy DH AY; thyself DH AY S EH L F;
traveller T R AE V AH L ER; treacle T R IY K AH L; treasure T R EH ZH ER; trials T R AY AH L Z;
triumph T R AY AH M F; triumphant T R AY AH M F AH N T; trouble T R AH B AH L; truth T R UW TH;
tuppenny T AH P AH N IY; twas T W AH Z; underneath AH N D ER N IY TH; waters W AO T ER Z;
weakness W IY K N AH S; wenceslas W EH N S AH S L AA S; whom HH UW M; womb W UW M; wool W UH L;
wretch R EH CH; ye Y IY; yule Y UW L; yuletide Y UW L T AY D;
"""

SONG_WORDS: dict[str, tuple[str, ...]] = read_table(_SONG_WORDS)
"""Phones by lower-case spelling. Lesson: notebooks/08_lyrics_and_alignment.ipynb"""
