"""Words that exclude one another: of two texts that are otherwise alike, each says another word of one of these sets.

Deduplication keeps such texts apart (spark_jobs.dedupe.opposites), and no statement is supported by one that says the opposite
(texts.grounding).
"""

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

EXCLUDING = frozenset(SETS.replace(";", " ").split())
