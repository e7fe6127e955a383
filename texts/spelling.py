"""Everyday English words, how they are commonly misspelt, and vague words: the rubric's only knowledge of the
language.
"""

from collections.abc import Iterator

from texts.words import FUNCTION_WORDS, stem

_EVERYDAY = """able accept access across act action active actual add address after against age ago agree air allow
almost alone along already always amount animal appear apply area argue arm around arrive ask available away baby back
bad bag ball bank base basic become bed begin behind believe best better beyond big bit black blood blue board body
book born bottom box boy break bring brother brown build building business busy buy call came car card care carry case
cause center certain chance change character charge check child choice choose city class clean clear close cold
collect color come common company complete consider contain continue control cook cool copy corner correct cost count
country couple course cover create cross current cut daily dark date daughter day dead deal death decide deep default
define describe design detail develop device difference different difficult dinner direct discuss door double draw
dream dress drink drive drop dry early earth easy eat edge effect effort eight empty end enjoy enough enter entire
equal error event exact example except exist expect experience explain eye face fact fail fall family far farm fast
father feel feet field fight figure file fill final find fine finger finish fire firm first fish five fix floor follow
food foot force foreign forget form forward found four free friend front full function game garden gave general get
girl give given glass go goal god gold gone good got great green ground group grow guess hair half hand handle hang
happen happy hard head hear heart heat heavy held help high history hit hold hole home hope hot hour house huge human
hundred hurt husband idea image imagine important improve include increase indeed inside instead interest issue item
job join keep kept key kid kill kind kitchen knew know known land language large last late later laugh law lay lead
learn leave left leg length letter level lie life light limit line list listen little live local long look lose lost
lot love low lower machine made main major make man manage many map mark market matter mean measure meet member
mention method middle mile milk million mind minute miss mix model modern moment money month morning mother mouth move
movie music name narrow national natural nature necessary need never night nine normal north note nothing notice now
number object occur offer office often oil old open operate option order original outside page paint pair paper parent
park part particular party pass past path pattern pay people perform perhaps period person phone pick picture piece
place plain plan plant play point police poor popular position possible power practice prepare present press pretty
prevent previous price print private probably problem process produce product program project proper protect prove
provide public pull purpose push put quality question quick quiet quite race rain raise ran range rate reach read
ready real reason receive record red reduce refer regular relate remain remember remove repeat replace report
represent require rest result return rich ride right ring rise river road rock role roll room round row rule run safe
said sail salt save say scale school science sea season seat second section see seek seem seen sell send sense sent
separate serve service set seven several shape share sharp shoot shop short show shut side sign similar simple single
sister sit site situation six size skill skin sleep slow small smile social soft soil sold son song soon sort sound
source south space speak special specific speed spend stand standard star start state stay steel step stick stone stop
store story straight strange stream street strong student study stuff subject success sudden sugar suggest summer sun
support suppose sure surface surprise system table take talk teach team tell ten term test text thank thick thin thing
think third thought thousand three threw throw time tiny tire today together told tomorrow took tool top total touch
town track trade train travel tree trip trouble truck try turn twelve twenty two type understand unit use useful user
usual value various view visit voice wait walk wall want war warm wash watch water wave way wear weather week weight
well went west wet wheel white whole wide wife wild wind window winter wish woman wonder wood word work world worry
write wrong wrote yard year yellow yes yesterday young"""

# slips of an everyday word that are words or names of their own
_WORDS_TOO = """abel abut acct acton agee aline aloe anima anther bard beak bein bellow bene bets bette bild bing bleu blow boar boko
boot booth brig brin bron brow butt caan caer calm cane cass cause chace chang chose clan clea clod collet coma
compete cone cost cots coupe cove crate creat crete curse daly deign diary diner ding dink discus dive doin done dong
donne doone doro dose droop ealy earl entre ether ever exit fare fats feld felt fete fiend fill fille finis fist fits
float fond font fore forge form fort fried fund gaol garde gass genera goold greta haas hand handel hari harm hart
havin heist hera herat homme hoole hoot hoppe hose host house huan hung imag joni lace lage latte lean lear lease
least leda lest lett lien lies liev lively loose loot losee lott lowe made main mange mani mann manny mate mater
matte mena mete mille mina minuet mode mont mooney moore mornin moth mots natura neve nigh noor norma note noth
nothin obey pace pain palin pant pape pats patten patter pease peer petty pint plat platen plea pont poplar posit
prat preform preset prose prove pubic putt quit rage rainn rang rani rann rate reed reefer reign rian rime rise romo
rset rule runs safe sake sale salt sand save scared scent seal seep shoo shot sick side sill sine sing singe site
size slat slate slit slop snap soar soli somme sono soong soot sore sour sped spit stain stake stale stan stange star
stat steak steal steam steep stele stir stoop stow strat strip stud such sued suit suite sumer sung super sure sven
swan tack tale talk tall tank tech teen thee thew tick tier ting tinny toady tone tough tows trad trail tran trem
trial tripp trough tuck typee typo uint untie untied util vale veil vice wade wage wake ware waste weigh wera were
whet whit widow wight wile wing wiped wong wore worn writ yong yung
finnish centre latter rather then than there three quite state their through though thought"""

COMMON = frozenset(stem(word) for word in _EVERYDAY.split()) | frozenset(stem(word) for word in FUNCTION_WORDS)
_VAGUE = """thing things stuff something somehow someone somewhere anything whatever basically maybe kinda sorta
whatnot anyway gonna really nice lots bunch sometime sometimes probably generally usually often somewhat certain
various stuffs"""
VAGUE = frozenset(_VAGUE.split())


def _slips(word: str) -> Iterator[str]:
    """The word with two neighbours swapped, a letter lost, or a letter doubled; its first letter stays."""
    for i in range(1, len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[: i + 1] + word[i:]
        if i + 1 < len(word):
            yield word[:i] + word[i + 1] + word[i] + word[i + 2 :]


def _misspelt() -> frozenset[str]:
    """Slips of four letters or more in everyday words that are no words themselves, as far as this table knows."""
    known = {*_EVERYDAY.split(), *FUNCTION_WORDS, *_WORDS_TOO.split()}
    known |= {word + ending for word in known for ending in ("s", "ed", "ing", "er", "ly", "d", "r", "y")}
    source = (word for word in (*_EVERYDAY.split(), *FUNCTION_WORDS) if word.isalpha())
    return frozenset(slip for word in source for slip in _slips(word) if len(slip) > 3 and slip not in known)


MISSPELT = _misspelt()
