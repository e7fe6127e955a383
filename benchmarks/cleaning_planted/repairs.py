"""Records whose markup has to go or whose language has to be named, and those that stay as they are."""

import random

from cleaning_planted.fields import PLACES, Maker, Planted, fill, filled

FOUND: dict[str, list[Maker]] = {}
SPARED: dict[str, list[Maker]] = {}


def _page(before: str, after: str) -> Maker:
    """A record whose answer carries debris (`before`) and what it is without (`after`)."""

    def made(rng: random.Random) -> Planted:
        both = fill(f"{before}\x00{after}", rng)
        answer, plain = both.split("\x00")
        return Planted(fill("What is there to know about <<topic>>?", rng), answer, plain)

    return made


FOUND["markup"] = [
    _page("<p><<s>></p><p><<s2>></p>", "<<s>>\n\n<<s2>>"),
    _page("<p><<s>> It is <b><<thing>></b>.</p>", "<<s>> It is <<thing>>."),
    _page("<<s>><br/><<s2>>", "<<s>>\n<<s2>>"),
    _page("<<s>><br>\n<<s2>><br />In <<place>>.", "<<s>>\n\n<<s2>>\nIn <<place>>."),
    _page('<div class="text"><<s>> <<name>> &amp; <<other>></div>', "<<s>> <<name>> & <<other>>"),
    _page("<<name>> &amp; <<other>> met in <<place>>. <<s>>", "<<name>> & <<other>> met in <<place>>. <<s>>"),
    _page("<<name>> said &quot;no&quot; to <<other>>.", '<<name>> said "no" to <<other>>.'),
    _page("<<s>> It&#39;s <<n>>&nbsp;km away.", "<<s>> It's <<n>>\xa0km away."),
    _page("<ul><li><<name>></li><li><<place>></li></ul>", "<<name>>\n\n<<place>>"),
    _page(
        "<<name>> of <<place>> was the <i>first</i> person who wrote about it. <<s>>",
        "<<name>> of <<place>> was the first person who wrote about it. <<s>>",
    ),
    _page("<<s>> <strong>Never</strong> forget that. <<s2>>", "<<s>> Never forget that. <<s2>>"),
    _page("<h3><<place>></h3><p><<s>></p>", "<<place>>\n\n<<s>>"),
    _page('<span style="color: red"><<s>></span> <<s2>> <<s>>', "<<s>> <<s2>> <<s>>"),
]
SPARED["markup"] = filled(
    ("How do I make <<slug>> bold on my web page?", "<b><<slug>></b>"),
    ("Which tag sets a paragraph?", "<p><<slug>></p> does. <<s>>"),
    ("How do I start another line below <<slug>>?", "Write <br> behind <<slug>>."),
    ("Declare a list of <<slug>> in Java.", "List<String> <<slug>> = new ArrayList<>();"),
    ("Which type has <<slug>>?", "The type of <<slug>> is Vec<u> and not Box<i>, nor Map<String, List<b>>."),
    ("Is <<n>> below <<n2>> there?", "If a<b and b<i then a<i, and if p<q then q>p; so <<n>>."),
    ("What does <<name>> earn?", "Between <$<<n>> and >$<<n2>> a month."),
    ("What is the order?", "<<name>> > <<other>> > <<place>>"),
    ("How do I write less-than in HTML?", "Write &lt; and then <<slug>>."),
    ("Render <<slug>> in React", "return <div><p>{<<slug>>}</p></div>;"),
    ("Print a line in PHP", 'echo "<<slug>><br />";'),
    ("Select the smaller ones", "SELECT <<slug>> FROM t WHERE a < <<n>> AND b > <<n2>>;"),
    ("What is the notation for <<slug>>?", "The box of <<slug>> is written Box<p>, the lid Lid<p>."),
    ("How do I emphasise <<slug>> in my post's formatting?", "Put it in <em><<slug>></em>."),
    ("Which arrow leads from <<name>> to <<other>>?", "<<name>> -> <<other>> => <<place>>"),
    ("Convert to plain text: <p><<slug>></p>", "<<slug>>"),
    ("What do I type around <<slug>>?", "Type <i><<slug>></i>."),
    ("Replace the signs in <<slug>>", "<<slug>>.replace('&', '&amp;').replace('<', '&lt;')"),
    ("How is x to the n written?", "x<sup>n+<<slug>></sup>"),
    ("Wie wird <<slug>> fett?", "<b><<slug>></b> schreiben."),
)

OWN = {
    "de": ("Wie lange kocht man <<n>> Eier, damit sie in {} hart werden?", "Man lässt sie ungefähr zehn Minuten in heißem Wasser liegen."),
    "fr": ("Combien de temps faut-il pour aller à {} avec <<n>> amis ?", "Il faut à peu près deux heures en train, et un peu plus en voiture."),
    "es": ("¿Cuánto tiempo se tarda en llegar a {} con <<n>> amigos?", "Se tarda unas dos horas en tren y algo más en coche."),
    "it": ("Quanto tempo ci vuole per arrivare a {} con <<n>> amici?", "Ci vogliono circa due ore in treno e un po' di più in macchina."),
    "pt": ("Quanto tempo leva para chegar a {} com <<n>> amigos?", "Leva cerca de duas horas de comboio e um pouco mais de carro."),
    "nl": ("Hoe lang duurt het om met <<n>> vrienden naar {} te reizen?", "Het duurt ongeveer twee uur met de trein en iets langer met de auto."),
    "sv": ("Hur lång tid tar det att resa till {} med <<n>> vänner?", "Det tar ungefär två timmar med tåget och lite längre med bilen."),
    "pl": ("Ile czasu zajmuje podróż do {} z <<n>> przyjaciółmi?", "Pociągiem jedzie się około dwóch godzin, a samochodem trochę dłużej."),
    "ru": ("Сколько времени ехать до {} с <<n>> друзьями?", "На поезде около двух часов, а на машине немного дольше."),
    "uk": ("Скільки часу їхати до {} з <<n>> друзями?", "Потягом близько двох годин, а машиною трохи довше."),
    "zh": ("和<<n>>个朋友一起去{}需要多长时间？", "坐火车大约两个小时，开车要稍微久一点。"),
    "ja": ("友達<<n>>人と{}まで行くのにどのくらいかかりますか。", "電車で約二時間、車だともう少しかかります。"),
    "ko": ("친구 <<n>>명과 {}까지 가는 데 얼마나 걸리나요?", "기차로 약 두 시간, 차로는 조금 더 걸립니다."),
    "ar": ("كم من الوقت يستغرق السفر إلى {} مع <<n>> أصدقاء؟", "يستغرق حوالي ساعتين بالقطار وأكثر قليلا بالسيارة."),
    "tr": ("<<n>> arkadaşla {} şehrine gitmek ne kadar sürer?", "Trenle yaklaşık iki saat, arabayla biraz daha uzun sürer."),
    "he": ("כמה זמן לוקח להגיע ל{} עם <<n>> חברים?", "בערך שעתיים ברכבת וקצת יותר במכונית."),
}  # fmt: skip


def _own(language: str) -> Maker:
    question, answer = OWN[language]

    def made(rng: random.Random) -> Planted:
        code = "" if rng.random() < 0.8 else f"\nprint({rng.randint(1, 99)})"
        return Planted(fill(question.format(rng.choice(PLACES)), rng), answer + code, language)

    return made


FOUND["language"] = list(map(_own, OWN))
SPARED["language"] = filled(
    ("Sum?", "SELECT SUM(<<slug>>) FROM <<slug>> WHERE y > <<n>>;"),
    ("<<slug>>?", "def <<slug>>(a, b): return a + b + <<n>>"),
    ("Table?", "CREATE TABLE <<slug>> (id INT, nombre TEXT, total FLOAT);"),
    ("<<n>> + <<n2>>", "<<n>>"),
    ("Sort: <<n>>, <<n2>>", "[<<n>>, <<n2>>]"),
    ("<<place>>?", "<<n>>"),
    ("JSON?", '{"<<slug>>": <<n>>, "la": [<<n2>>]}'),
    ("Loop?", "for (let i = 0; i < <<n>>; i++) { console.log(i); }"),
    ("Update?", "UPDATE casa SET color = '<<slug>>' WHERE id = <<n>>"),
    ("Shell?", "git commit -m '<<slug>>'"),
    ("Name one.", "<<name>>"),
    ("C?", 'int <<slug>> = <<n>>; printf("%d", <<slug>>);'),
    ("Delete?", "DELETE FROM gatos WHERE nombre = '<<name>>' AND edad > <<n>>;"),
    ("Pi?", "3.14159 <<n>>"),
    ("What is there to know about <<topic>> in <<place>>?", "<<s>> <<s2>>"),
    ("How do I repair <<thing>>?", "<<s>>"),
)
