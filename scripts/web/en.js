export default {
	'product': 'nbms',
	'skip': 'Skip to the content',
	'close': 'Close', 'cancel': 'Cancel', 'save': 'Save', 'refresh': 'Refresh', 'all': 'All', 'none': 'None', 'yes': 'Yes', 'no': 'No',
	'loading': 'Loading …', 'empty': 'Nothing here.', 'search': 'Search', 'building': 'Building', 'since': 'Since',
	'language': 'Language', 'theme': 'Appearance', 'theme.auto': 'As the system', 'theme.light': 'Light', 'theme.dark': 'Dark',
	'logout': 'Sign out', 'from': 'From', 'to': 'To', 'time': 'Time', 'value': 'Value', 'point': 'Point', 'name': 'Name', 'reason': 'Reason', 'by': 'By', 'unit': 'Unit',
	'earlier': 'Earlier', 'later': 'Later', 'today': 'Today', 'now': 'now', 'on': 'On', 'off': 'Off', 'stale': 'stale', 'age.now': 'just now',

	'error.network': 'The server does not answer. Trying again.', 'error.timeout': 'No answer in time.', 'error.bad': 'The server did not take that',
	'error.login': 'You are not signed in', 'error.forbidden': 'You may not do that', 'error.missing': 'Not there', 'error.conflict': 'It has changed meanwhile',
	'error.large': 'Too much at once', 'error.busy': 'The server is busy, try again', 'error.server': 'The server could not do that',
	'error.view': 'This could not be shown', 'error.plot': 'The plotting library is missing: install libjs-dygraphs.',

	'live.on': 'Live', 'live.connecting': 'Reconnecting …', 'live.off': 'Not connected', 'live.back': 'Connected again.', 'live.lost': 'The connection is lost; values may be old.',

	'login.title': 'Sign in', 'login.token': 'Access token', 'login.help': 'Your administrator made it with nbms-live token add. It is kept in this tab only.',
	'login.go': 'Sign in', 'login.refused': 'That token is not valid: {why}', 'login.over': 'The session has ended. Sign in again.',

	'nav': 'Views', 'nav.overview': 'Overview', 'nav.building': 'Equipment', 'nav.trends': 'Trends', 'nav.alarms': 'Alarms', 'nav.schedule': 'Schedules', 'nav.forecast': 'Forecast',
	'nav.comfort': 'Comfort', 'nav.reports': 'Reports', 'nav.tender': 'Tenders', 'nav.users': 'Users',

	'overview.title': 'Buildings', 'overview.energy': 'Energy today', 'overview.cost': 'Cost today', 'overview.peak': 'Peak today',
	'overview.next': 'Next change', 'overview.next.none': 'nothing planned', 'overview.last': 'Last report', 'overview.unacknowledged': '{n} unacknowledged', 'overview.quiet': 'no alarms', 'overview.against': '{percent} of the same hours last week',
	'overview.hours': 'Energy by the hour, kWh', 'overview.count': '{n} buildings', 'overview.count.1': '1 building', 'overview.price': 'Price now', 'overview.notyet': 'nothing yet', 'overview.unmetered': 'no meter',
	'state.up': 'Reporting', 'state.late': 'Late', 'state.down': 'Silent', 'state.never-seen': 'Never seen', 'state.silent': 'Silent', 'state.unknown': 'Unknown',

	'building.units': 'Equipment', 'building.points': 'Points', 'building.held': 'Held by people',
	'building.held.none': 'Nothing is held: schedules rule everywhere.', 'building.run': 'State', 'building.mode': 'Mode', 'building.temp': 'Temperature', 'building.set': 'Setpoint',
	'building.role': 'Role', 'building.pick': 'Choose a unit to see its points.', 'building.control': 'Set', 'building.trend': 'Trend',
	'building.showing': '{n} of {all} points; search to narrow', 'building.found': '{all} points', 'building.find': 'Point, name, floor, zone', 'building.priority': 'Priority', 'building.until': 'Until', 'building.class': 'Class',
	'mode.0': 'Off', 'mode.1': 'Cooling', 'mode.2': 'Heating', 'mode.3': 'Ventilation', 'mode.4': 'Auto', 'mode.cool': 'Cooling', 'mode.heat': 'Heating', 'mode.off': 'Off',

	'control.title': 'Set a value', 'control.value': 'New value', 'control.priority': 'Priority', 'control.minutes': 'For how long', 'control.now': 'Now', 'control.next': 'Continue', 'control.back': 'Change',
	'control.sure': 'Set {point} to {value} at priority {priority}, for {time}?', 'control.go': 'Set it', 'control.sent': 'Sent. Waiting for the gateway to confirm …',
	'control.effective': '{point}: {value} is in effect.', 'control.overridden': '{point}: taken, but priority {priority} overrides it; the value is {value}.',
	'control.refused': '{point}: the gateway refused. {reason}', 'control.timeout': '{point}: no confirmation from the gateway in time. It may still take effect.',
	'control.released': '{point}: released.', 'control.expired': '{point}: the time is up; released.', 'control.replaced': '{point}: replaced by a newer command.', 'control.release': 'Release', 'control.not': 'Not a value of this point',
	'control.state.sent': 'Waiting', 'control.state.effective': 'In effect', 'control.state.overridden': 'Overridden', 'control.state.refused': 'Refused', 'control.state.timeout': 'Not confirmed', 'control.state.released': 'Released', 'control.state.expired': 'Expired', 'control.state.replaced': 'Replaced',
	'priority.8': '8 operator', 'priority.1': '1 life safety, manual', 'priority.2': '2 life safety, automatic', 'priority.5': '5 critical equipment', 'priority.10': '10', 'priority.12': '12', 'priority.16': '16 schedule',
	'minutes.15': '15 minutes', 'minutes.30': '30 minutes', 'minutes.60': '1 hour', 'minutes.120': '2 hours', 'minutes.240': '4 hours', 'minutes.480': '8 hours', 'minutes.1440': '1 day', 'minutes.10080': '7 days',

	'trends.title': 'Trends', 'trends.pick': 'Add a point', 'trends.range': 'Range', 'trends.day': '1 day', 'trends.week': '1 week', 'trends.month': '1 month', 'trends.year': '1 year', 'trends.csv': 'Download CSV',
	'trends.none': 'Find a point by its name, floor or zone in the field above: it is drawn here, up to eight together.', 'trends.nopoints': 'The gateways of this building have announced no points yet.', 'trends.most': 'No more than {n} at a time: remove one first.', 'trends.remove': 'Remove {point}', 'trends.help': 'Drag to zoom, shift and drag to move, double click for all. Keys: arrows move, + and − zoom, 0 all.',
	'trends.nothing': 'No values in this range.', 'trends.chart': 'Trend of {points}',

	'alarms.title': 'Alarms', 'alarms.standing': 'Standing', 'alarms.history': 'History', 'alarms.notices': 'Notices', 'alarms.none': 'No alarms stand. All is well.', 'alarms.quiet': 'No alarm came, went or was touched in this time.', 'alarms.unsent': 'Nobody was told anything in the last seven days.', 'alarms.ack': 'Acknowledge', 'alarms.shelve': 'Shelve', 'alarms.unshelve': 'Unshelve',
	'alarms.level': 'Level', 'alarms.state': 'State', 'alarms.alarm': 'Alarm', 'alarms.what': 'What happened', 'alarms.acked': '{name}: acknowledged.', 'alarms.shelved': '{name}: shelved.', 'alarms.unshelved': '{name}: back from the shelf.',
	'alarms.shelve.title': 'Shelve {name}', 'alarms.shelve.for': 'For how long', 'alarms.shelve.reason': 'Why (for the history)', 'alarms.shelve.need': 'Say why.', 'alarms.new': 'New alarm, {level}: {name}, {building}', 'alarms.cleared': 'Cleared: {name}', 'alarms.to': 'To', 'alarms.days': 'Days', 'alarms.notice.title': 'Title', 'alarms.notice.text': 'Text', 'alarms.notice.send': 'Send a notice', 'alarms.notice.sent': 'The notice is on its way.',
	'level.1': 'Critical', 'level.2': 'Major', 'level.3': 'Minor', 'level.4': 'Warning', 'level.null': 'No level',
	'alarm.unacknowledged': 'Unacknowledged', 'alarm.acknowledged': 'Acknowledged', 'alarm.returned': 'Cleared, unacknowledged', 'alarm.shelved': 'Shelved', 'alarm.suppressed': 'Suppressed', 'alarm.out-of-service': 'Out of service', 'alarm.normal': 'Normal', 'alarm.latched': 'Latched',
	'transition.raise': 'Raised', 'transition.update': 'Changed', 'transition.clear': 'Cleared', 'transition.ack': 'Acknowledged', 'transition.shelve': 'Shelved', 'transition.unshelve': 'Unshelved', 'transition.suppress': 'Suppressed', 'transition.unsuppress': 'No longer suppressed', 'transition.out-of-service': 'Out of service', 'transition.in-service': 'In service', 'transition.flood': 'Flood', 'transition.chatter': 'Chattering',

	'schedule.title': 'Schedules', 'schedule.week': 'Week of {day}', 'schedule.edit': 'Edit', 'schedule.none': 'This building has no schedules.', 'schedule.default': 'Otherwise',
	'schedule.saved': 'Schedule {name} is saved.', 'schedule.bad': 'Write times as 07:30=1, one after the other; null gives control back', 'schedule.points': 'Commands {point}', 'schedule.exceptions.kept': '{n} exceptions stay as they are.', 'schedule.nothing': 'no command',
	'source.weekly': 'weekly', 'source.default': 'otherwise', 'source.exception': 'exception', 'source.manual': 'by hand', 'source.none': 'nothing',

	'forecast.title': 'Forecast and plan', 'forecast.actual': 'Metered', 'forecast.forecast': 'Forecast', 'forecast.band': 'nine hours in ten lie inside the band', 'forecast.week': 'Last week', 'forecast.none': 'There is no forecast yet.', 'forecast.ask': 'Learn and plan now', 'forecast.asked': 'The task is running; the result comes here.',
	'forecast.done': '{task}: {status}', 'forecast.saved': 'Saved', 'forecast.standing': 'Schedules in force', 'forecast.optimised': 'Optimised', 'forecast.cost': 'Cost', 'forecast.kwh': 'Energy', 'forecast.peak': 'Peak', 'forecast.comfort': 'Discomfort', 'forecast.plan': 'The plan, unit by unit', 'forecast.why': 'Why', 'forecast.noplan': 'There is no plan yet.', 'forecast.made': 'made {time}',
	'forecast.table': 'As a table', 'forecast.kh': 'K·h', 'forecast.error': 'Mean miss {percent} over {n} h',


	// reasons of nbms-learn, as it words them
	'why.off: keeps the peak down': 'off: keeps the peak down',
	'why.off: nobody there': 'off: nobody there',
	'why.off: power is dear now': 'off: power is dear now',
	'why.off: stays in its band by itself': 'off: stays in its band by itself',
	'why.off: what is stored lasts until people leave': 'off: what is stored lasts until people leave',
	'why.on: as hard as the peak allows': 'on: as hard as the peak allows',
	'why.on: holds the band': 'on: holds the band',
	'why.on: minimum run time': 'on: minimum run time',
	'why.on: power is cheaper now than soon': 'on: power is cheaper now than soon',
	'why.on: ready before people come': 'on: ready before people come',
	'why.on: stores now what would have to be done while people are there': 'on: stores now what would have to be done while people are there',
	'why.shut: its air handler is off': 'shut: its air handler is off',
	'why.open at its least: fresh air': 'open at its least: fresh air',
	'why.told to': 'told to',
	'why.unknown': 'unknown',

	'task.learning': 'Learning', 'task.optimizing': 'Optimising', 'status.ok': 'done', 'status.no-run': 'no result', 'status.infeasible': 'cannot be done', 'status.error': 'error',
	'outcome.forecasts repeat the past: there is no forecast of the weather': 'forecasts repeat the past: there is no forecast of the weather',
	'outcome.forecasts repeat the past: no model does better': 'forecasts repeat the past: no model does better',
	'outcome.forecasts repeat the past: there is too little history to try models on': 'forecasts repeat the past: there is too little history to try models on',
	'outcome.no forecast: the newest reading is more than two weeks old': 'no forecast: the newest reading is more than two weeks old',
	'outcome.no unit has a model that a schedule may rely on: the standing schedule stays': 'no unit has a model that a schedule may rely on: the standing schedule stays',
	'outcome.no bid has an edge over the others that is worth the name': 'no bid has an edge over the others that is worth the name',
	'outcome.the past does not beat the law of the draw: the law is what is known': 'the past does not beat the law of the draw: the law is what is known',
	'outcome.nothing that can be done brings a zone into its band': 'nothing that can be done brings a zone into its band',
	'outcome.no more comfort than stands, which would cost more: see for_comfort': 'no more comfort than now, which would cost more',
	'outcome.there is no history': 'there is no history',
	'outcome.too little usable history': 'too little usable history',
	'outcome.the newest reading is more than two weeks old': 'the newest reading is more than two weeks old',
	'outcome.no outdoor temperature is known': 'no outdoor temperature is known',
	'outcome.no outdoor temperature of the coming hours is known': 'no outdoor temperature of the coming hours is known',
	'outcome.no price of energy is known: the building needs a tariff': 'no price of energy is known: the building needs a tariff',
	'outcome.the building has no units that could be scheduled': 'the building has no units that could be scheduled',
	"outcome.the building's other load is not known: the peak is of these units alone": 'what else the building draws is not known: the peak is of these units alone',
	"outcome.The reserve ratio itself can't be predicted: it is a draw. Where rivals follow the same law every bid wins with at most 1/N. An edge rests on what rivals did before; trust it only where the band's lower end is above 1/N.": 'The reserve ratio itself cannot be predicted: it is a draw. Where rivals follow the same law every bid wins with at most 1/N. An edge rests on what rivals did before; trust it only where the band’s lower end is above 1/N.',
	'outcome.zones': '{n} of {all} zones cannot be kept in their band: {unit} is {k} K outside at {time}', 'outcome.yesterday': 'no weather forecast: yesterday’s temperatures stand in for {n} of {all} steps',
	'outcome.ends': 'the forecast ends with that of the weather, after {n} hours', 'outcome.short': 'too little usable history: {n} of {all} hours',

	'comfort.title': 'Comfort', 'comfort.none': 'This building has no zones. nbms-sched zone makes them.', 'comfort.x': 'Air temperature, °C', 'comfort.y': 'Humidity ratio, g/kg', 'comfort.zone': 'Zone', 'comfort.t': 'Temperature', 'comfort.rh': 'Humidity', 'comfort.inside': 'Comfortable', 'comfort.outside': 'Outside the comfort zone', 'comfort.state': 'State', 'comfort.unknown': 'no values', 'comfort.met': 'Activity {met} met, clothing {clo} clo, air {v} m/s',
	'comfort.chart': 'Psychrometric chart with the comfort zones',

	'reports.title': 'Reports', 'reports.daily': 'Day', 'reports.monthly': 'Month', 'reports.html': 'HTML', 'reports.csv': 'CSV', 'reports.energy': 'Energy', 'reports.cost': 'Cost', 'reports.peak': 'Highest demand', 'reports.day': 'Day', 'reports.at': 'at {time}', 'reports.estimate': 'Money is an estimate, not a bill.', 'reports.meter': 'Meter', 'reports.none': 'Nothing was metered and no alarm came: {time}.',

	'reports.days': 'Energy by the day, kWh', 'reports.count': 'How often', 'reports.range': 'Lowest and highest',
	'tender.title': 'Tenders', 'tender.none': 'No tender results yet.', 'tender.curve': 'Chance of winning by bid, ₩', 'tender.win': 'Chance to win', 'tender.base': 'Base amount', 'tender.rate': 'Floor rate', 'tender.bidders': 'Bidders', 'tender.ask': 'Predict', 'tender.below': 'Below the floor',

	'bid.best': 'Best chance', 'bid.safe': 'Safe', 'bid.margin': 'Best margin', 'tender.of': 'Prediction, {time}', 'forecast.spent': 'Spent on comfort',

	'users.title': 'Users and tokens', 'users.user': 'User', 'users.role': 'Role', 'users.mail': 'Mail', 'users.buildings': 'Buildings', 'users.add': 'Add a user', 'users.token': 'New token', 'users.revoke': 'Revoke', 'users.revoked': '{what} is revoked.', 'users.once': 'This is the only time the token is shown. Give it to {user} in a safe way.', 'users.expires': 'Ends', 'users.used': 'Last used', 'users.state': 'State', 'users.sure': 'Revoke {what}? Who uses it is thrown out.', 'users.endpoints': 'Who is told of alarms', 'users.endpoint': 'Endpoint', 'users.untold': 'Nobody yet: nbms-push endpoint add.', 'token.good': 'In use', 'token.revoked': 'Revoked', 'token.expired': 'Expired', 'users.made': 'User {user} is made.', 'users.tokens': 'Tokens',
	'role.viewer': 'Viewer', 'role.operator': 'Operator', 'role.admin': 'Administrator',
};
