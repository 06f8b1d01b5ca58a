"""A pronouncing dictionary of the words our songs use most.

What
    `DICTIONARY` maps a lower-case word to its phones. It was written by hand for this project: the
    words of the old songs, the words of the verse grammar, and a few hundred common words of one or
    two syllables. Any other word goes through the rules of `letter_to_sound.py`.

Notation of the table
    ``word PH PH PH`` entries, separated by ``;``.

Lesson: notebooks/08_lyrics_and_alignment.ipynb
"""

from __future__ import annotations

_LITTLE_WORDS = """
a AH; an AE N; the DH AH; this DH IH S; that DH AE T; these DH IY Z; those DH OW Z; and AE N D;
or AO R; but B AH T; if IH F; so S OW; as AE Z; at AE T; by B AY; for F AO R; from F R AH M;
in IH N; into IH N T UW; of AH V; on AA N; off AO F; out AW T; over OW V ER; to T UW; too T UW;
two T UW; up AH P; with W IH TH; down D AW N; under AH N D ER; near N IH R; through TH R UW;
about AH B AW T; after AE F T ER; before B IH F AO R; above AH B AH V; below B IH L OW;
upon AH P AA N; until AH N T IH L; till T IH L; around ER AW N D; along AH L AO NG; away AH W EY;
again AH G EH N; always AO L W EY Z; never N EH V ER; ever EH V ER; every EH V R IY; all AO L;
both B OW TH; each IY CH; many M EH N IY; more M AO R; most M OW S T; some S AH M; none N AH N;
no N OW; not N AA T; yes Y EH S; only OW N L IY; now N AW; then DH EH N; here HH IH R;
there DH EH R; where W EH R; when W EH N; while W AY L; why W AY; how HH AW; who HH UW;
what W AH T; which W IH CH; i AY; me M IY; my M AY; mine M AY N; you Y UW; your Y AO R;
yours Y AO R Z; he HH IY; him HH IH M; his HH IH Z; she SH IY; her HH ER; it IH T; its IH T S;
it's IH T S; we W IY; us AH S; our AW R; they DH EY; them DH EH M; their DH EH R; i'm AY M;
i'll AY L; i've AY V; you're Y AO R; we'll W IY L; we're W IH R; don't D OW N T; can't K AE N T;
won't W OW N T; isn't IH Z AH N T; that's DH AE T S; let's L EH T S; 'tis T IH Z; tis T IH Z;
is IH Z; am AE M; are AA R; was W AA Z; were W ER; be B IY; been B IH N; do D UW; does D AH Z;
did D IH D; done D AH N; has HH AE Z; have HH AE V; had HH AE D; can K AE N; could K UH D;
shall SH AE L; should SH UH D; will W IH L; would W UH D; may M EY; must M AH S T; oh OW; o OW;
ah AA; la L AA; fa F AA; hey HH EY; hello HH AH L OW; goodbye G UH D B AY;
"""

_NAMING_WORDS = """
air EH R; apple AE P AH L; arm AA R M; baby B EY B IY; ball B AO L; band B AE N D;
bank B AE NG K; bay B EY; beach B IY CH; bed B EH D; bee B IY; bees B IY Z; bell B EH L;
bells B EH L Z; bird B ER D; birds B ER D Z; boat B OW T; boats B OW T S; book B UH K;
boughs B AW Z; boy B OY; bread B R EH D; bridge B R IH JH; brook B R UH K; brother B R AH DH ER;
cat K AE T; child CH AY L D; children CH IH L D R AH N; city S IH T IY; clay K L EY;
cloud K L AW D; clouds K L AW D Z; coat K OW T; corn K AO R N; dance D AE N S; dawn D AO N;
day D EY; days D EY Z; deep D IY P; deer D IH R; diamond D AY M AH N D; dog D AO G; door D AO R;
dove D AH V; dream D R IY M; dreams D R IY M Z; drum D R AH M; earth ER TH; evening IY V N IH NG;
eye AY; eyes AY Z; face F EY S; father F AA DH ER; field F IY L D; fields F IY L D Z;
fire F AY ER; fish F IH SH; fleece F L IY S; flower F L AW ER; flowers F L AW ER Z; foot F UH T;
feet F IY T; forest F AO R AH S T; fox F AA K S; friend F R EH N D; friends F R EH N D Z;
garden G AA R D AH N; gate G EY T; girl G ER L; gold G OW L D; grass G R AE S; ground G R AW N D;
guitar G AH T AA R; hall HH AO L; halls HH AO L Z; hand HH AE N D; hands HH AE N D Z;
heart HH AA R T; hearts HH AA R T S; heaven HH EH V AH N; hill HH IH L; hills HH IH L Z;
holly HH AA L IY; home HH OW M; hope HH OW P; horse HH AO R S; hour AW R; house HH AW S;
ice AY S; infant IH N F AH N T; joy JH OY; key K IY; king K IH NG; lady L EY D IY; lake L EY K;
lamb L AE M; lamp L AE M P; land L AE N D; lane L EY N; leaf L IY F; leaves L IY V Z;
life L AY F; light L AY T; lights L AY T S; line L AY N; london L AH N D AH N; lord L AO R D;
love L AH V; man M AE N; mary M EH R IY; meadow M EH D OW; moment M OW M AH N T; money M AH N IY;
month M AH N TH; moon M UW N; moonbeams M UW N B IY M Z; morning M AO R N IH NG;
mother M AH DH ER; mountain M AW N T AH N; mouse M AW S; mouth M AW TH; music M Y UW Z IH K;
name N EY M; nest N EH S T; night N AY T; nights N AY T S; nose N OW Z; notice N OW T AH S;
number N AH M B ER; ocean OW SH AH N; paper P EY P ER; path P AE TH; peace P IY S;
people P IY P AH L; place P L EY S; queen K W IY N; rain R EY N; river R IH V ER; road R OW D;
robot R OW B AA T; rock R AA K; roof R UW F; room R UW M; rose R OW Z; sail S EY L;
sails S EY L Z; sand S AE N D; school S K UW L; sea S IY; season S IY Z AH N; seed S IY D;
shade SH EY D; sheep SH IY P; ship SH IH P; ships SH IH P S; shoe SH UW; shore SH AO R;
sister S IH S T ER; sky S K AY; sleigh S L EY; snow S N OW; something S AH M TH IH NG;
song S AO NG; songs S AO NG Z; sound S AW N D; spring S P R IH NG; star S T AA R;
stars S T AA R Z; stone S T OW N; stones S T OW N Z; story S T AO R IY; stream S T R IY M;
street S T R IY T; summer S AH M ER; sun S AH N; swan S W AA N; table T EY B AH L; time T AY M;
town T AW N; train T R EY N; tree T R IY; trees T R IY Z; tune T UW N; valley V AE L IY;
vine V AY N; virgin V ER JH AH N; voice V OY S; voices V OY S AH Z; wall W AO L; water W AO T ER;
wave W EY V; waves W EY V Z; way W EY; week W IY K; wheel W IY L; wind W IH N D;
window W IH N D OW; wing W IH NG; wings W IH NG Z; winter W IH N T ER; woman W UH M AH N;
women W IH M AH N; wood W UH D; woods W UH D Z; word W ER D; words W ER D Z; world W ER L D;
year Y IH R; years Y IH R Z; computer K AH M P Y UW T ER; jukebox JH UW K B AA K S;
machine M AH SH IY N; piano P IY AE N OW; radio R EY D IY OW;
"""

_DOING_AND_DESCRIBING = """
ask AE S K; become B IH K AH M; begin B IH G IH N; blow B L OW; bring B R IH NG; build B IH L D;
buy B AY; call K AO L; close K L OW Z; come K AH M; comes K AH M Z; cry K R AY; deck D EH K;
drink D R IH NG K; dreaming D R IY M IH NG; fall F AO L; falling F AO L IH NG; falls F AO L Z;
feel F IY L; fill F IH L; find F AY N D; float F L OW T; flow F L OW; fly F L AY;
flying F L AY IH NG; follow F AA L OW; gave G EY V; get G EH T; give G IH V; glow G L OW;
go G OW; goes G OW Z; going G OW IH NG; gone G AO N; grow G R OW; hear HH IH R; hide HH AY D;
hold HH OW L D; jingle JH IH NG G AH L; jump JH AH M P; keep K IY P; know N OW; laugh L AE F;
learn L ER N; leave L IY V; let L EH T; listen L IH S AH N; live L IH V; long L AO NG;
look L UH K; loves L AH V Z; made M EY D; make M EY K; meet M IY T; move M UW V; open OW P AH N;
play P L EY; playing P L EY IH NG; put P UH T; raise R EY Z; read R IY D; rest R EH S T;
ride R AY D; ring R IH NG; ringing R IH NG IH NG; rise R AY Z; roll R OW L; row R OW; run R AH N;
said S EH D; saw S AO; say S EY; says S EH Z; see S IY; shine SH AY N; shines SH AY N Z;
shining SH AY N IH NG; show SH OW; sing S IH NG; singing S IH NG IH NG; sit S IH T;
sleep S L IY P; sleeping S L IY P IH NG; smile S M AY L; speak S P IY K; stand S T AE N D;
stay S T EY; stop S T AA P; swim S W IH M; take T EY K; talk T AO K; tell T EH L;
think TH IH NG K; turn T ER N; twinkle T W IH NG K AH L; wait W EY T; wake W EY K;
waking W EY K IH NG; walk W AO K; walking W AO K IH NG; wander W AA N D ER; want W AA N T;
watch W AA CH; went W EH N T; wish W IH SH; wonder W AH N D ER; work W ER K; write R AY T;
receive R IH S IY V; blazing B L EY Z IH NG; alone AH L OW N; another AH N AH DH ER;
beautiful B Y UW T AH F AH L; better B EH T ER; big B IH G; blue B L UW; bold B OW L D;
brave B R EY V; bright B R AY T; brown B R AW N; calm K AA M; clear K L IH R; cold K OW L D;
cool K UW L; dark D AA R K; dear D IH R; dry D R AY; easy IY Z IY; fair F EH R; far F AA R;
fast F AE S T; fine F AY N; first F ER S T; free F R IY; fun F AH N; gently JH EH N T L IY;
glad G L AE D; golden G OW L D AH N; good G UH D; great G R EY T; green G R IY N; grey G R EY;
happy HH AE P IY; heavenly HH EH V AH N L IY; heavy HH EH V IY; high HH AY; holy HH OW L IY;
jolly JH AA L IY; kind K AY N D; last L AE S T; late L EY T; left L EH F T; little L IH T AH L;
lost L AO S T; loud L AW D; lovely L AH V L IY; low L OW; merrily M EH R AH L IY;
merry M EH R IY; mild M AY L D; new N UW; next N EH K S T; nice N AY S; nothing N AH TH IH NG;
old OW L D; other AH DH ER; pink P IH NG K; quick K W IH K; quiet K W AY AH T; ready R EH D IY;
real R IY L; red R EH D; right R AY T; round R AW N D; sad S AE D; safe S EY F; same S EY M;
shy SH AY; silent S AY L AH N T; silver S IH L V ER; slow S L OW; small S M AO L; soft S AO F T;
soon S UW N; still S T IH L; strong S T R AO NG; such S AH CH; sure SH UH R; sweet S W IY T;
tall T AO L; tender T EH N D ER; today T AH D EY; together T AH G EH DH ER;
tomorrow T AH M AA R OW; tonight T AH N AY T; true T R UW; very V EH R IY; warm W AO R M;
well W EH L; white W AY T; whole HH OW L; wide W AY D; wild W AY L D; wise W AY Z;
yellow Y EH L OW; yon Y AA N; young Y AH NG; ding D IH NG; dong D AO NG;
everywhere EH V R IY W EH R; one W AH N; three TH R IY; four F AO R; five F AY V; six S IH K S;
seven S EH V AH N; eight EY T; nine N AY N; ten T EH N; zero Z IH R OW; once W AH N S;
half HH AE F; back B AE K; end EH N D; side S AY D; top T AA P;
"""


def read_table(*tables: str) -> dict[str, tuple[str, ...]]:
    """Read ``word PH PH; word PH`` tables."""
    entries: dict[str, tuple[str, ...]] = {}
    for entry in " ".join(tables).split(";"):
        word, *phones = entry.split() or [""]
        if word:
            entries[word] = tuple(phones)
    return entries


DICTIONARY: dict[str, tuple[str, ...]] = read_table(
    _LITTLE_WORDS, _NAMING_WORDS, _DOING_AND_DESCRIBING
)
"""Phones of common words, by lower-case spelling."""
