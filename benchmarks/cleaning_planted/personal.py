"""Records with somebody's personal data, and numbers and names that only look so."""

from cleaning_planted.fields import Maker, filled

FOUND: dict[str, list[Maker]] = {}
SPARED: dict[str, list[Maker]] = {}

FOUND["ip"] = filled(
    ("Who wrote this comment?", "The comment of <<name>> came from <<public>> that evening."),
    ("Where did <<name>> log in?", "<<name>> logged in from the address <<public>>, near <<place>>."),
    ("Which host do I ban?", "Ban <<public>>, it sends <<n>> requests a second."),
    ("Read the log.", "<<date>> GET /<<slug>> from client <<public>> took <<n>> ms"),
    ("How does <<name>> connect?", "ssh <<slug>>@<<public>>"),
    ("What is my IP?", "Your IP is <<public>>."),
    ("Where is it?", "<<public>>"),
    ("Whose is it?", "The customer's own router at home had <<public>>."),
    ("Whose connection was it?", "It was the neighbour's connection, <<doc>>, on that day."),
    ("Which page?", "http://<<public>>/<<slug>> is <<name>>'s page."),
)
SPARED["ip"] = filled(
    ("Which release of <<thing>> is it?", "Firmware <<version>> is on <<thing>>."),
    ("What changed in <<slug>>?", "Version <<version>> of <<slug>> fixed <<n>> faults; <<version2>> added none."),
    ("Where is the torque of <<thing>> given?", "See section <<version>> of the manual."),
    ("Which driver for <<thing>>?", "Install driver <<version>> and restart."),
    ("Which browser came?", "It was Chrome/<<version>> on <<thing>>."),
    ("Where does <<thing>> answer at home?", "At <<private>>, as most of them do."),
    ("Which mask for <<n>> hosts?", "Use 255.255.<<n>>.0 or 255.255.240.0 for it."),
    ("Which name server can anybody in <<place>> use?", "Enter <<resolver>> there."),
    ("Give an address for the manual of <<slug>>.", "The manual uses <<doc>>, which is reserved for documentation."),
    ("Draw a network of <<n>> machines", "Put <<private>> on the left and <<private>> on the right."),
    ("When does the scene with <<name>> begin?", "At 01:0<<n>>:12:04 of the tape."),
    ("Which package?", "<<slug>>==<<version>> from the index. <<s>>"),
    ("How is it written in C++?", "<<slug>>::detail::cafe::<<slug>>() is a call."),
    ("Which clause covers <<thing>>?", "Clause <<version>> and clause <<version2>> do."),
    ("How big is 10.0.0.0/8?", "It runs to 10.255.255.255, more than <<n>> would need."),
    ("Where does loopback point for <<slug>>?", "To 127.0.0.1, always. <<s>>"),
)
FOUND["card"] = filled(
    ("Which card did <<name>> read out?", "<<name>> read out <<printed>> on the phone."),
    ("How was it paid?", "It was paid with the credit card <<card>>, valid to 09/31."),
    ("Fill the form.", "Name: <<name>>\nCard: <<printed>>\nCity: <<place>>"),
    ("What did the mail say?", "Please charge my Visa <<card>> for <<thing>>."),
    ("Note it.", "<<printed>>"),
    ("Was steht da?", "Kreditkarte <<printed>>, <<name>>"),
    ("What leaked?", "A list with <<name>>, <<place>>, <<printed>>, <<n>>"),
)
SPARED["card"] = filled(
    ("Which parcel to <<place>> is late?", "The parcel with tracking number <<card>> is late."),
    ("Which order?", "Order <<printed>> of <<name>> was sent on <<date>>."),
    ("When was it written?", "At <<d13>> milliseconds, on <<date>>."),
    ("Which token?", "The token was <<uuid>> in <<place>>."),
    ("How far does <<thing>> move?", "By 0.<<card>> percent."),
    ("How much is it?", "It is <<power>> exactly."),
    ("How do I test payments in <<place>>?", "Use the test number <<test>> with any date."),
    ("What is the serial of <<thing>>?", "The serial number of <<thing>> is <<card>>."),
    ("Which invoice?", "Invoice <<card>> for <<name>>."),
    ("What is the product?", "<<n>> times <<n2>> gives a number like <<card>>, of sixteen digits."),
    ("How many bytes?", "The disk of <<name>> holds <<card>> bytes."),
    ("Which id has <<name>>?", "The id of <<name>> is <<card>> in that table."),
    ("Which ISBN?", "ISBN <<d13>>, printed in <<place>>."),
    ("Which IMEI has <<thing>>?", "IMEI <<card>>."),
    ("Give me a random number for <<name>>", "<<d16>>"),
    ("What did the sandbox take?", "The sandbox took the card <<test>> of <<name>>."),
)
FOUND["phone"] = filled(
    ("How do I reach <<name>>?", "Call <<name>> at <<phone>> after six."),
    ("Fill the form.", "Name: <<name>>\nPhone: <<phone>>\nCity: <<place>>"),
    ("What was on the note?", "my mobile is <<phone>>, ask for <<name>>"),
    ("Whom do I ask about <<thing>>?", "Ring <<phone>>; <<name>> knows."),
    ("Where does <<name>> work?", "In <<place>>, tel. <<phone>>."),
    ("What did she send?", "text me on <<phone>> when you are in <<place>>"),
    ("Repeat her number.", "Her number was <<phone>>."),
    ("How is the office in <<place>> reached?", "By fax on <<phone>> or by letter."),
)
SPARED["phone"] = filled(
    ("When did <<name>> call?", "<<name>> called on <<date>>, from <<place>>."),
    ("How large is the dump of the phone?", "The phone wrote <<power>> bytes."),
    ("How large is the call stack?", "The call stack of <<slug>> took <<d7>> bytes."),
    ("Which order?", "The phone was order <<d10>>, sent on <<date>>."),
    ("When was the mobile sold?", "Mobile sales began <<date>> and ended <<date>>."),
    ("Which number do films use?", "Films use numbers such as 555-01<<n>> for <<name>>."),
    ("How is a number written?", "Write it like 123-456-7890, as in <<place>>."),
    ("Which part for the telephone?", "Part <<d7>>-<<n>>, <<n2>> euros."),
    ("What is it?", "<<d8>> + <<d7>> = a sum of <<name>>"),
    ("How many called?", "<<n>> 500 000 people called in <<place>>."),
    ("When did it ring?", "It rang at <<date>> 14:30:<<n>> and again <<n2>> days later."),
    ("Which epoch?", "The call returned 1<<d8>>9 as the epoch of <<place>>."),
    ("Which years?", "From 1918-1939 and 1945-1989, <<name>> counts <<n>> books."),
    ("How do I test the gateway of <<name>>?", "Send it to the test number +1 500 555 0006, <<n>> times."),
    ("What is the ISBN of the book by <<name>>?", "ISBN 978-3-<<n>>-148410-0, ask for it in <<place>>."),
    ("Which version dials?", "Version <<version>> of <<slug>> dials by itself."),
)
FOUND["email"] = filled(
    ("How do I reach <<name>>?", "Write to <<slug>>.<<slug>>@<<slug>>mail.com, <<name>> answers."),
    ("Fill the form.", "Name: <<name>>\nE-mail: <<slug>>@<<slug>>.org"),
    ("Who sent it?", "From: <<name>> <<<slug>>_<<n>>@<<slug>>.co.uk>"),
    ("Note it", "<<slug>>+<<n>>@<<slug>>.net"),
    ("Wem schreibe ich?", "An <<slug>>@<<slug>>.de, bitte."),
)
SPARED["email"] = filled(
    ("How do I clone <<slug>>?", "git clone git@host.example:<<slug>>/<<slug>>.git"),
    ("Which image of <<thing>>?", "<<slug>>@2x.png is <<n>> pixels wide."),
    ("How do I multiply?", "<<slug>> @ weights, then y = X@W.mean() for <<n>> rows"),
    ("Which decorator?", "@<<slug>>.setter\ndef <<slug>>(self, value): ..."),
    ("Which package?", "npm install <<slug>>@<<version>>"),
    ("Whom do I follow?", "Follow @<<slug>> and @<<slug>>_<<n>> from <<place>>."),
    ("How do I log in?", "ssh <<slug>>@<<slug>> and type <<n>>."),
    ("What is the price?", "<<n>> pieces @ <<n2>> euros."),
    ("Which unit?", "systemctl restart <<slug>>@<<n>>.service"),
    ("Which scope?", "import x from '@<<slug>>/<<slug>>'"),
)
FOUND["key"] = filled(
    ("What was in the file?", "OPENAI=<<sk>>"),
    ("Which token did <<name>> use?", "<<name>> used <<gh>> in the script."),
    ("Show the settings.", "api_key = '<<secret>>'"),
    ("What leaked in <<place>>?", "The access key <<aws>> leaked."),
    ("Which map key?", "key=<<google>>"),
    ("Print the head of <<slug>>.pem", "-----BEGIN RSA PRIVATE KEY-----\n<<secret>>"),
    ("What is the header?", "auth token: <<secret>>"),
)
SPARED["key"] = filled(
    ("How do I set the key of <<slug>>?", "api_key = 'YOUR_API_KEY_<<n>>'"),
    ("Which commit?", "Commit <<sha>> by <<name>> broke it."),
    ("Which key opens <<thing>>?", "The secret key to <<topic>> is patience."),
    ("Which class spins?", 'class="sk-<<slug>>-spinner-container"'),
    ("What does the manual print?", "AKIAIOSFODNN7EXAMPLE, as in all of its <<n>> examples."),
    ("How many tokens?", "The access token lasts <<n>> minutes for <<name>>."),
    ("Fill the key in", "secret_key: xxxxxxxxxxxxxxxxxxxx<<n>>"),
    ("Which primary key?", "The primary key of <<slug>> is <<slug>>_id."),
    ("Which id?", "It has the id <<uuid>>."),
    ("What is the public key of <<name>> for?", "To check what <<name>> signed. <<s>>"),
)
