"""Words that exclude one another: where a record says one and its near copy another of the same set, they are no copies.

Of a pair only what differs counts. That one of them lacks a word is no contradiction; that `up` stands where the other has `down` is, and
that both have `left` and `right`, in another order:

    >>> from spark_jobs.columnar.ragged import take_rows
    >>> from spark_jobs.columnar.word_hashes import word_hashes
    >>> texts = ["turn it up and then on", "turn it down and then on", "turn it and then on", "from left to right", "from right to left"]
    >>> excluding = excluding_words(word_hashes(pa.array(texts)))
    >>> excluding.lengths.tolist()  # `right` is the opposite of `wrong`, too
    [3, 3, 2, 5, 5]
    >>> one = take_rows(excluding, np.array([0, 0, 3]))
    >>> contradict(one, take_rows(excluding, np.array([1, 2, 4]))).tolist()
    [True, False, True]
"""

from functools import cache

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from spark_jobs.columnar.folded_texts import Mask
from spark_jobs.columnar.hashes import Hashes
from spark_jobs.columnar.ragged import Places, Ragged, from_lengths
from spark_jobs.columnar.word_hashes import word_hashes

_MEMBER_BITS, _SET_BITS = np.uint64(16), np.uint64(32)

SETS = """
and or nor xor nand; up down upward downward upwards downwards; min max; minimum maximum; minimal maximal; minimize maximize;
smaller larger bigger greater lesser; smallest largest biggest greatest least; less more fewer; least most fewest; low high;
lower higher upper; lowest highest; lowercase uppercase; short long tall; shorter longer taller; shortest longest tallest;
increase decrease; increases decreases; increased decreased; increasing decreasing; increment decrement; ascending descending;
rise fall; rises falls; rising falling; grow shrink; expand contract; add subtract multiply divide;
adds subtracts multiplies divides; addition subtraction multiplication division; sum difference product quotient;
plus minus times; positive negative neutral; true false; yes no; on off; open closed; opened closed; enable disable;
enabled disabled; allow forbid deny; allowed forbidden denied; accept reject; accepts rejects; accepted rejected;
include exclude; includes excludes; including excluding; inclusive exclusive; left right; top bottom; front back; above below;
over under; inside outside; inner outer; internal external; before after; earlier later; earliest latest; early late;
previous next; first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth last;
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty hundred thousand million billion;
single double triple; half twice; always never sometimes; all none some; any every; everyone nobody; everything nothing;
even odd; odd prime composite; horizontal vertical; horizontally vertically; clockwise counterclockwise anticlockwise;
row column; rows columns; north south east west; northern southern eastern western; push pop; start stop; starts stops;
begin end; begins ends; enter leave exit; load save; read write; reads writes; import export; imports exports; upload download;
encode decode; encrypt decrypt; encryption decryption; compress decompress; serialize deserialize; lock unlock; mount unmount;
install uninstall; connect disconnect; attach detach; insert delete; append prepend; send receive; sends receives; push pull;
buy sell; buyer seller; borrow lend; win lose; wins loses; pass fail; passes fails; success failure; gain loss; profit loss;
asset liability; debit credit; supply demand; cause effect; question answer; input output; inputs outputs; source destination;
sender receiver; client server; parent child; mother father; son daughter; brother sister; husband wife; man woman; men women;
boy girl; boys girls; male female; he she; his her; king queen; old new; older newer; old young; older younger;
oldest newest youngest; hot cold; hotter colder; warm cool; wet dry; light dark; light heavy; lighter heavier; fast slow;
faster slower; fastest slowest; strong weak; stronger weaker; hard soft; hard easy; harder easier; good bad; better worse;
best worst; right wrong; correct incorrect; safe unsafe dangerous; possible impossible; valid invalid; legal illegal;
known unknown; equal unequal; equals differs; same different; similar dissimilar; visible invisible; mutable immutable;
static dynamic; synchronous asynchronous; public private protected; local global; signed unsigned; stable unstable;
formal informal; direct indirect; active passive; singular plural; present absent; presence absence; advantages disadvantages;
advantage disadvantage; pros cons; strengths weaknesses; agree disagree; agrees disagrees; like dislike; likes dislikes;
love hate; loves hates; likely unlikely; happy unhappy sad; healthy unhealthy; with without; for against; to from; into out;
day night; morning afternoon evening; summer winter spring autumn; yesterday today tomorrow; past present future;
monday tuesday wednesday thursday friday saturday sunday; mon tue wed thu fri sat sun; asc desc; inner outer full cross; log exp; α β γ δ;
january february march april may june july august september october november december;
jan feb mar apr jun jul aug sep oct nov dec; am pm; bc ad; mm cm dm m km;
millimetres centimetres metres kilometres miles yards feet inches;
millimeters centimeters meters kilometers miles yards feet inches; millimetre centimetre metre kilometre mile yard foot inch;
millimeter centimeter meter kilometer mile yard foot inch; ng µg ug mcg mg g kg t;
micrograms milligrams grams kilograms tonnes tons pounds ounces; microgram milligram gram kilogram tonne ton pound ounce;
ml cl dl l; millilitres litres gallons pints; milliliters liters gallons pints; ns µs us ms s min; mol mmol; ppm ppb; cal kcal; psi bar; deg rad; hz khz mhz ghz;
nanoseconds microseconds milliseconds seconds minutes hours days weeks months years decades centuries;
nanosecond microsecond millisecond second minute hour day week month year decade century; daily weekly monthly yearly;
kb mb gb tb; bits bytes kilobytes megabytes gigabytes terabytes; celsius fahrenheit kelvin; mw kw gw; volt ampere ohm watt;
volts amperes ohms watts; dollars euros pounds yen rupees; usd eur gbp jpy inr;
hydrogen helium lithium carbon nitrogen oxygen fluorine neon sodium magnesium aluminium aluminum silicon phosphorus sulfur sulphur chlorine argon potassium calcium iron copper zinc bromine silver iodine gold mercury lead;
chloride fluoride bromide iodide oxide hydroxide sulfide; sulfate sulfite sulfide; nitrate nitrite nitride;
chlorate chlorite chloride perchlorate; phosphate phosphite phosphide; monoxide dioxide trioxide; methane ethane propane butane;
methanol ethanol propanol butanol; acid base; acidic basic alkaline; cis trans; ortho meta para; alpha beta gamma delta;
anode cathode; anion cation; proton neutron electron; oxidation reduction; oxidized reduced; endothermic exothermic;
soluble insoluble; saturated unsaturated; organic inorganic; aerobic anaerobic; solid liquid gas; melting boiling freezing;
mean median mode; sine cosine tangent; sin cos tan; numerator denominator; convex concave; rational irrational; finite infinite;
union intersection;
english german french spanish italian portuguese dutch russian polish ukrainian turkish arabic hebrew hindi bengali urdu chinese mandarin japanese korean vietnamese thai indonesian swedish norwegian danish finnish greek latin;
python java javascript typescript rust ruby perl php kotlin swift scala haskell julia matlab fortran sql bash; größer kleiner;
mehr weniger; oben unten; links rechts; vor nach; immer nie; mit ohne; wahr falsch; plus moins; avant après; toujours jamais;
gauche droite; avec sans; vrai faux; más menos; antes después; siempre nunca; izquierda derecha; con sin; verdadero falso;
больше меньше; вверх вниз; до после; всегда никогда; да нет; أكبر أصغر; أكثر أقل; أعلى أسفل; أعلى أدنى; فوق تحت; قبل بعد;
يمين يسار; دائما أبدا; دائماً أبداً; نعم لا; صحيح خطأ; صواب خطأ; زيادة نقصان; زاد نقص; طويل قصير; كبير صغير; بارد حار;
داخل خارج; مع بدون; جمع طرح; 大 小; 上 下; 左 右; 前 后 後; 多 少; 高 低; 长 短; 快 慢; 加 减 乘 除; 增 减; 东 南 西 北; 男 女; 正 负; 真 假; 对 错; 开 关; 开 闭; 进 出;
买 卖; 有 无; 内 外; 新 旧; 冷 热; 轻 重; 早 晚; 升 降; 零 一 二 两 三 四 五 六 七 八 九 十 百 千 万 亿;
واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة; ساخن بارد; شمال جنوب شرق غرب; الشمال الجنوب الشرق الغرب; اليمين اليسار;
eins zwei drei vier fünf sechs sieben acht neun zehn; uno dos tres cuatro cinco seis siete ocho nueve diez;
deux trois quatre cinq six sept huit neuf dix; 好 坏; 涨 跌; 赢 输
"""


def excluding_words(words: Ragged) -> Ragged:
    """Those of each row's words that stand in a set, as the number of the set and of the word in it; a word of several sets as often."""
    hashes, numbers = _table()
    first = np.searchsorted(hashes, words.values, side="left")
    times = np.searchsorted(hashes, words.values, side="right") - first
    counts = np.add.reduceat(np.append(times, 0), words.offsets[:-1]) * (words.lengths > 0)
    found = np.flatnonzero(times)
    repeated = np.repeat(first[found], times[found])
    ends = np.cumsum(times[found])
    within = np.arange(len(repeated)) - np.repeat(ends - times[found], times[found])
    return from_lengths(numbers[repeated + within], counts)


def opposite_sets(words: Hashes) -> Places:
    """The number of the set of each word, int64 (words,), -1 where it stands in none; sets that share a word are one here.

    >>> from spark_jobs.columnar.word_hashes import word_hashes
    >>> left, right, wrong, boat = opposite_sets(word_hashes(pa.array(["left right wrong boat"])).values).tolist()
    >>> left == right == wrong, boat
    (True, -1)
    """
    hashes, sets = _joined_sets()
    places = np.minimum(np.searchsorted(hashes, words), len(hashes) - 1)
    return np.where(hashes[places] == words, sets[places], -1)


def contradict(left: Ragged, right: Ragged) -> Mask:
    """Whether row i of `left` says one word of a set more often and row i of `right` another, or both say the same in another order.

    bool (pairs,); both are of excluding_words.
    """
    sides = [side.values + (side.row_of_value.astype(np.uint64) << _SET_BITS) for side in (left, right)]
    words, places = np.unique(np.concatenate(sides), return_inverse=True)
    signed = np.repeat(np.array([1, -1]), [len(side) for side in sides])
    surplus = np.bincount(places, signed, minlength=len(words))
    # the pair and the set of each word that one side has more often
    more_left, more_right = (words[surplus > 0] >> _MEMBER_BITS, words[surplus < 0] >> _MEMBER_BITS)
    both = np.intersect1d(more_left, more_right) >> (_SET_BITS - _MEMBER_BITS)
    opposed = np.zeros(len(left.lengths), np.bool_)
    opposed[both.astype(np.int64)] = True
    return opposed | _turned(sides[0], sides[1], words[surplus != 0], len(opposed))


def _turned(left: Hashes, right: Hashes, uneven: Hashes, pairs: int) -> Mask:
    """Whether a pair has the same words of a set on both sides, in another order; of the sets without an `uneven` word."""
    ordered = [np.sort(side >> _MEMBER_BITS) for side in (left, right)]
    words = [side[np.argsort(side >> _MEMBER_BITS, kind="stable")] for side in (left, right)]
    even = [~np.isin(sets, uneven >> _MEMBER_BITS) for sets in ordered]
    # without uneven words both sides have as many of each set, so that they stand beside one another
    first, second = (side[kept] for side, kept in zip(words, even, strict=True))
    found = np.zeros(pairs, np.bool_)
    found[(first[first != second] >> _SET_BITS).astype(np.int64)] = True
    return found


@cache
def _joined_sets() -> tuple[Hashes, Places]:
    """The hash of every different word, ascending, and the number of its set among those that share no word."""
    hashes, numbers = _table()
    words, word = np.unique(hashes, return_inverse=True)
    sets = (numbers >> _MEMBER_BITS).astype(np.int64)
    links = coo_array((np.ones(len(word)), (word, len(words) + sets)), shape=(len(words) + len(SETS),) * 2)
    return words, connected_components(links, directed=False)[1][: len(words)].astype(np.int64)


@cache
def _table() -> tuple[Hashes, Hashes]:
    """The hash of every word, ascending, and its numbers: the set in the bits above 16, the word in those below."""
    sets = [line.split() for line in SETS.split(";")]
    words = [word for members in sets for word in members]
    numbers = [number << 16 | member for number, members in enumerate(sets) for member in range(len(members))]
    hashes = word_hashes(pa.array(words))
    assert hashes.lengths.max() == hashes.lengths.min() == 1
    order = np.argsort(hashes.values, kind="stable")
    return hashes.values[order], np.array(numbers, np.uint64)[order]
