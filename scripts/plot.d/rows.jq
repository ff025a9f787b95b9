# Lines of NDJSON into typed rows for read.awk: file, line, type and fields, with tabs between.
#
#   V series time value unit     a value at a time      E series from to value unit  over a time
#   F time kwh low high week     of a forecast          C zone air ratio             of an outline of comfort
#   P series air humidity        a reading of both      U unit time temperature on   of a plan, at an interval's end
#   R time price                 of a plan's step       T percent win low high below of a tender's curve
#   S horizon model error        of a backtest          X why                        not a row

# Text that can stand in a label: no control characters, none that turn the direction of writing, not endless.
def clean: tostring | gsub("[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\\\\]"; " ") |
	if length > 60 then .[0:59] + "…" else . end;

def num: if type == "number" and (. > -1e300) and (. < 1e300) then tostring elif type == "boolean" then (if . then "1" else "0" end)
	elif . == null then "" else error("not a number") end;

def text_of($name): if type == "string" then . else error($name + ": not a text") end;

def unit_of: {usage_kwh: "kWh", kwh: "kWh", demand_kw: "kW", humidity: "%", temperature: "°C", price: "per kWh"}[.] // "";

# the member that is drawn
def field: . as $row | if $value != "" then $value else
	first((("value", "usage_kwh", "mean", "kwh", "temperature", "price", "demand_kw", "charge") | select($row[.] != null)),
		(["value", "usage_kwh"][] | select(. as $f | $row | has($f))), empty) end;

def series: [.point_id, .zone_id, .unit, (.attr | select(. != null and . != "M_Value")), (if .point_id == null then .tariff else null end)]
	| map(select(. != null) | clean) | join(" ");

def valued: . as $row | (field // "") as $f |
	if $f == "" or ($row | has($f) | not) then ["X", "no value to draw" + (if $value != "" then ": " + $value else "" end)]
	else ($row | series) as $s | (if $s == "" then $f else $s end) as $s | (try ($row[$f] | num) catch null) as $v |
		if $v == null then ["X", $f + ": not a number"]
		elif $row.from != null then ["E", $s, ($row.from | text_of("from")), (($row.to // $row.from) | text_of("to")), $v, ($f | unit_of)]
		else ["V", $s, (($row.time // $row.at) | text_of("time")), $v, ($f | unit_of)] end
	end;

def list($name): if .[$name] | type == "array" then .[$name][] else empty end;

def learned: .result |
	(list("forecast") | ["F", (.from | text_of("from")), (.kwh | num), (.low | num), (.high | num), (.week_ago | num)]),
	(list("curve") | ["T", (.percent | num), (.win | num), (.win_low | num), (.win_high | num), (.below_floor | num)]),
	(list("units") | select(.intervals != null) | (.unit | clean) as $u | list("intervals") |
		["U", $u, (.to | text_of("to")), (.temperature | num), (if .on then "1" else "0" end)]),
	(if (.price | type) == "array" and .from != null then
		.from as $from | .to as $to | (.price | length) as $n | range(0; $n) as $i |
		["R", ($from | text_of("from")), ($to | text_of("to")), ($i | tostring), ($n | tostring), (.price[$i] | num)] else empty end);

def typed:
	if type != "object" then ["X", "not an object"]
	elif (.result | type) == "object" then
		[learned] | if length > 0 then .[] else ["X", "a result without a forecast, plan or curve"] end
	elif .horizon != null and .model != null then ["S", (.horizon | clean), (.model | clean), (.cvrmse_percent | num)]
	elif .air != null and .ratio != null then ["C", ((.zone_id // "comfort") | clean), (.air | num), (.ratio | num)]
	elif .air != null and .humidity != null then ["P", ((.zone_id // .point_id // "reading") | clean), (.air | num), (.humidity | num)]
	elif .time != null or .from != null or .at != null then valued
	else ["X", "no time in it"] end;

foreach inputs as $line (0; . + 1; . as $n |
	if ($line | test("^\\s*$")) then empty else
		($line | try (fromjson | [typed]) catch [["X", (if type == "string" and test("^[a-z_]+: not a text$|^not a number$") then .
			else "not JSON" end)]])[] |
		[($file | clean), ($n | tostring)] + . | join("\t") end)
