export default {
	'product': 'nbms',
	'skip': '본문으로 건너뛰기',
	'close': '닫기', 'cancel': '취소', 'save': '저장', 'refresh': '새로 고침', 'all': '전체', 'none': '없음', 'yes': '예', 'no': '아니요',
	'loading': '불러오는 중 …', 'empty': '표시할 내용이 없습니다.', 'search': '검색', 'building': '건물', 'since': '발생',
	'language': '언어', 'theme': '화면 모드', 'theme.auto': '시스템 설정', 'theme.light': '밝게', 'theme.dark': '어둡게',
	'logout': '로그아웃', 'from': '시작', 'to': '끝', 'time': '시각', 'value': '값', 'point': '관제점', 'name': '이름', 'reason': '이유', 'by': '담당', 'unit': '설비',
	'earlier': '이전', 'later': '다음', 'today': '오늘', 'now': '현재', 'on': '켜짐', 'off': '꺼짐', 'stale': '오래된 값', 'age.now': '방금',

	'error.network': '서버가 응답하지 않습니다. 다시 시도합니다.', 'error.timeout': '제때 응답이 오지 않았습니다.', 'error.bad': '서버가 받아들이지 않았습니다',
	'error.login': '로그인되어 있지 않습니다', 'error.forbidden': '권한이 없습니다', 'error.missing': '찾을 수 없습니다', 'error.conflict': '그 사이에 변경되었습니다',
	'error.large': '한 번에 처리하기에 너무 많습니다', 'error.busy': '서버가 바쁩니다. 다시 시도하십시오', 'error.server': '서버에서 처리하지 못했습니다',
	'error.view': '화면을 표시할 수 없습니다', 'error.plot': '그래프 라이브러리가 없습니다. libjs-dygraphs를 설치하십시오.',

	'live.on': '실시간', 'live.connecting': '다시 연결하는 중 …', 'live.off': '연결 안 됨', 'live.back': '다시 연결되었습니다.', 'live.lost': '연결이 끊겼습니다. 값이 오래되었을 수 있습니다.',

	'login.title': '로그인', 'login.token': '접속 토큰', 'login.help': '관리자가 nbms-live token add로 발급합니다. 이 탭에만 보관됩니다.',
	'login.go': '로그인', 'login.refused': '유효하지 않은 토큰입니다: {why}', 'login.over': '세션이 끝났습니다. 다시 로그인하십시오.',

	'nav': '화면', 'nav.overview': '전체 현황', 'nav.building': '설비', 'nav.trends': '추이', 'nav.alarms': '경보', 'nav.schedule': '스케줄', 'nav.forecast': '예측',
	'nav.comfort': '쾌적', 'nav.reports': '보고서', 'nav.tender': '입찰 분석', 'nav.users': '사용자',

	'overview.title': '건물', 'overview.energy': '오늘 사용량', 'overview.cost': '오늘 요금', 'overview.peak': '오늘 최대수요',
	'overview.next': '다음 변경', 'overview.next.none': '예정 없음', 'overview.last': '마지막 보고', 'overview.unacknowledged': '미확인 {n}건', 'overview.quiet': '경보 없음', 'overview.against': '지난주 같은 시간의 {percent}',
	'overview.hours': '시간별 사용량, kWh', 'overview.count': '건물 {n}곳', 'overview.count.1': '건물 1곳', 'overview.price': '현재 단가', 'overview.notyet': '아직 없음', 'overview.unmetered': '계량기 없음',
	'state.up': '정상 수신', 'state.late': '지연', 'state.down': '응답 없음', 'state.never-seen': '수신 이력 없음', 'state.silent': '응답 없음', 'state.unknown': '알 수 없음',

	'building.units': '설비', 'building.points': '관제점', 'building.held': '수동 제어 중',
	'building.held.none': '수동 제어 중인 관제점이 없습니다. 모두 스케줄대로 운전합니다.', 'building.run': '상태', 'building.mode': '모드', 'building.temp': '온도', 'building.set': '설정값',
	'building.role': '역할', 'building.pick': '설비를 선택하면 관제점이 표시됩니다.', 'building.control': '제어', 'building.trend': '추이',
	'building.showing': '관제점 {all}개 중 {n}개 표시, 검색으로 좁힐 수 있습니다', 'building.found': '관제점 {all}개', 'building.find': '관제점, 이름, 층, 구역', 'building.priority': '우선순위', 'building.until': '종료', 'building.class': '분류',
	'mode.0': '정지', 'mode.1': '냉방', 'mode.2': '난방', 'mode.3': '환기', 'mode.4': '자동', 'mode.cool': '냉방', 'mode.heat': '난방', 'mode.off': '정지',

	'control.title': '값 제어', 'control.value': '새 값', 'control.priority': '우선순위', 'control.minutes': '유지 시간', 'control.now': '현재', 'control.next': '계속', 'control.back': '수정',
	'control.sure': '{point}을(를) {value}(으)로, 우선순위 {priority}, {time} 동안 제어합니까?', 'control.go': '제어 실행', 'control.sent': '전송했습니다. 게이트웨이의 확인을 기다리는 중 …',
	'control.effective': '{point}: {value} 적용되었습니다.', 'control.overridden': '{point}: 접수되었으나 우선순위 {priority}이(가) 우선합니다. 현재 값은 {value}입니다.',
	'control.refused': '{point}: 게이트웨이가 거부했습니다. {reason}', 'control.timeout': '{point}: 게이트웨이의 확인이 제때 오지 않았습니다. 나중에 적용될 수 있습니다.',
	'control.released': '{point}: 해제되었습니다.', 'control.expired': '{point}: 시간이 지나 해제되었습니다.', 'control.replaced': '{point}: 새 명령으로 바뀌었습니다.', 'control.release': '해제', 'control.not': '이 관제점에 맞는 값이 아닙니다',
	'control.state.sent': '대기', 'control.state.effective': '적용됨', 'control.state.overridden': '우선순위에 밀림', 'control.state.refused': '거부됨', 'control.state.timeout': '확인 안 됨', 'control.state.released': '해제됨', 'control.state.expired': '만료됨', 'control.state.replaced': '대체됨',
	'priority.8': '8 운전원', 'priority.1': '1 인명 안전, 수동', 'priority.2': '2 인명 안전, 자동', 'priority.5': '5 중요 설비', 'priority.10': '10', 'priority.12': '12', 'priority.16': '16 스케줄',
	'minutes.15': '15분', 'minutes.30': '30분', 'minutes.60': '1시간', 'minutes.120': '2시간', 'minutes.240': '4시간', 'minutes.480': '8시간', 'minutes.1440': '1일', 'minutes.10080': '7일',

	'trends.title': '추이', 'trends.pick': '관제점 추가', 'trends.range': '기간', 'trends.day': '1일', 'trends.week': '1주', 'trends.month': '1개월', 'trends.year': '1년', 'trends.csv': 'CSV 내려받기',
	'trends.none': '위 칸에서 이름, 층, 구역으로 관제점을 찾으면 여기에 그려집니다. 여덟 개까지 함께 볼 수 있습니다.', 'trends.nopoints': '이 건물의 게이트웨이가 아직 관제점을 알리지 않았습니다.', 'trends.most': '한 번에 {n}개까지입니다. 하나를 먼저 제거하십시오.', 'trends.remove': '{point} 제거', 'trends.help': '끌면 확대, Shift와 함께 끌면 이동, 두 번 누르면 전체. 키보드: 화살표로 이동, + − 확대와 축소, 0 전체.',
	'trends.nothing': '이 기간에는 값이 없습니다.', 'trends.chart': '{points} 추이',

	'alarms.title': '경보', 'alarms.standing': '현재 경보', 'alarms.history': '이력', 'alarms.notices': '알림', 'alarms.none': '현재 경보가 없습니다. 모두 정상입니다.', 'alarms.quiet': '이 기간에는 경보 이력이 없습니다.', 'alarms.unsent': '최근 7일 동안 보낸 알림이 없습니다.', 'alarms.ack': '확인', 'alarms.shelve': '보류', 'alarms.unshelve': '보류 해제',
	'alarms.level': '등급', 'alarms.state': '상태', 'alarms.alarm': '경보', 'alarms.what': '내용', 'alarms.acked': '{name}: 확인했습니다.', 'alarms.shelved': '{name}: 보류했습니다.', 'alarms.unshelved': '{name}: 보류를 해제했습니다.',
	'alarms.shelve.title': '{name} 보류', 'alarms.shelve.for': '보류 시간', 'alarms.shelve.reason': '사유 (이력에 남습니다)', 'alarms.shelve.need': '사유를 적으십시오.', 'alarms.new': '새 경보, {level}: {name}, {building}', 'alarms.cleared': '해소: {name}', 'alarms.to': '받는 사람', 'alarms.days': '기간', 'alarms.notice.title': '제목', 'alarms.notice.text': '내용', 'alarms.notice.send': '알림 보내기', 'alarms.notice.sent': '알림을 보내는 중입니다.',
	'level.1': '긴급', 'level.2': '중대', 'level.3': '경미', 'level.4': '주의', 'level.null': '등급 없음',
	'alarm.unacknowledged': '미확인', 'alarm.acknowledged': '확인됨', 'alarm.returned': '해소됨, 미확인', 'alarm.shelved': '보류 중', 'alarm.suppressed': '억제됨', 'alarm.out-of-service': '점검 중', 'alarm.normal': '정상', 'alarm.latched': '유지됨',
	'transition.raise': '발생', 'transition.update': '변경', 'transition.clear': '해소', 'transition.ack': '확인', 'transition.shelve': '보류', 'transition.unshelve': '보류 해제', 'transition.suppress': '억제', 'transition.unsuppress': '억제 해제', 'transition.out-of-service': '점검 시작', 'transition.in-service': '점검 종료', 'transition.flood': '경보 폭주', 'transition.chatter': '반복 경보',

	'schedule.title': '스케줄', 'schedule.week': '{day}부터 한 주', 'schedule.edit': '편집', 'schedule.none': '이 건물에는 스케줄이 없습니다.', 'schedule.default': '그 외',
	'schedule.saved': '{name} 스케줄을 저장했습니다.', 'schedule.bad': '07:30=1처럼 시각을 차례로 적으십시오. null은 제어를 넘깁니다', 'schedule.points': '{point} 제어', 'schedule.exceptions.kept': '예외 {n}건은 그대로 둡니다.', 'schedule.nothing': '명령 없음',
	'source.weekly': '주간', 'source.default': '그 외', 'source.exception': '예외', 'source.manual': '수동', 'source.none': '없음',

	'forecast.title': '예측과 계획', 'forecast.actual': '실측', 'forecast.forecast': '예측', 'forecast.band': '열 시간 중 아홉 시간은 띠 안에 듭니다', 'forecast.week': '지난주', 'forecast.none': '아직 예측이 없습니다.', 'forecast.ask': '지금 학습하고 계획하기', 'forecast.asked': '작업을 실행 중입니다. 결과가 여기에 표시됩니다.',
	'forecast.done': '{task}: {status}', 'forecast.saved': '절감', 'forecast.standing': '현재 스케줄', 'forecast.optimised': '최적 계획', 'forecast.cost': '비용', 'forecast.kwh': '사용량', 'forecast.peak': '최대수요', 'forecast.comfort': '불쾌적', 'forecast.plan': '설비별 계획', 'forecast.why': '이유', 'forecast.noplan': '아직 계획이 없습니다.', 'forecast.made': '{time} 작성',
	'forecast.table': '표', 'forecast.kh': 'K·h', 'forecast.error': '{n}시간 평균 오차 {percent}',


	// reasons of nbms-learn, as it words them
	'why.off: keeps the peak down': '정지: 최대수요를 낮춤',
	'why.off: nobody there': '정지: 재실자 없음',
	'why.off: power is dear now': '정지: 지금은 전력이 비쌈',
	'why.off: stays in its band by itself': '정지: 가동 없이도 쾌적 범위 유지',
	'why.off: what is stored lasts until people leave': '정지: 축열만으로 퇴실까지 유지',
	'why.on: as hard as the peak allows': '가동: 최대수요가 허용하는 만큼',
	'why.on: holds the band': '가동: 쾌적 범위 유지',
	'why.on: minimum run time': '가동: 최소 가동 시간',
	'why.on: power is cheaper now than soon': '가동: 곧 비싸지기 전 값싼 전력 사용',
	'why.on: ready before people come': '가동: 재실 전에 준비',
	'why.on: stores now what would have to be done while people are there': '가동: 재실 중 부하를 미리 축열',
	'why.shut: its air handler is off': '닫음: 공조기가 정지 중',
	'why.open at its least: fresh air': '최소 개도: 외기 공급',
	'why.told to': '지시에 따름',
	'why.unknown': '알 수 없음',

	'task.learning': '학습', 'task.optimizing': '최적화', 'status.ok': '완료', 'status.no-run': '결과 없음', 'status.infeasible': '실행 불가', 'status.error': '오류',
	'outcome.forecasts repeat the past: there is no forecast of the weather': '예보가 없어 지난주를 되풀이합니다',
	'outcome.forecasts repeat the past: no model does better': '지난주를 되풀이하는 것보다 나은 모델이 없습니다',
	'outcome.forecasts repeat the past: there is too little history to try models on': '모델을 시험하기에는 이력이 짧아 지난 값을 되풀이합니다',
	'outcome.no forecast: the newest reading is more than two weeks old': '예측 없음: 마지막 계측이 2주보다 오래되었습니다',
	'outcome.no unit has a model that a schedule may rely on: the standing schedule stays': '믿을 만한 모델이 있는 설비가 없어 현재 스케줄을 그대로 둡니다',
	'outcome.no bid has an edge over the others that is worth the name': '다른 업체보다 뚜렷이 유리한 투찰가는 없습니다',
	'outcome.the past does not beat the law of the draw: the law is what is known': '과거 자료가 추첨의 확률 법칙보다 낫지 않아 그 법칙만 씁니다',
	'outcome.nothing that can be done brings a zone into its band': '어떤 운전으로도 쾌적 범위에 들지 못하는 구역이 있습니다',
	'outcome.no more comfort than stands, which would cost more: see for_comfort': '지금보다 더 쾌적하게 하면 비용이 늘어 그대로 둡니다',
	'outcome.there is no history': '이력이 없습니다',
	'outcome.too little usable history': '쓸 수 있는 이력이 너무 적습니다',
	'outcome.the newest reading is more than two weeks old': '마지막 계측이 2주보다 오래되었습니다',
	'outcome.no outdoor temperature is known': '외기 온도를 알 수 없습니다',
	'outcome.no outdoor temperature of the coming hours is known': '앞으로의 외기 온도를 알 수 없습니다',
	'outcome.no price of energy is known: the building needs a tariff': '전력 단가를 알 수 없습니다. 건물에 요금제를 정하십시오',
	'outcome.the building has no units that could be scheduled': '이 건물에는 스케줄을 정할 설비가 없습니다',
	"outcome.the building's other load is not known: the peak is of these units alone": '건물의 다른 부하를 알 수 없어 최대수요는 이 설비들만의 값입니다',
	"outcome.The reserve ratio itself can't be predicted: it is a draw. Where rivals follow the same law every bid wins with at most 1/N. An edge rests on what rivals did before; trust it only where the band's lower end is above 1/N.": '예정가격 비율은 추첨이므로 예측할 수 없습니다. 모든 업체가 같은 법칙을 따르면 어떤 투찰가도 낙찰 확률은 1/N을 넘지 못합니다. 우위는 경쟁 업체의 과거 투찰에서 나오며, 띠의 아래 끝이 1/N보다 높을 때만 믿으십시오.',
	'outcome.zones': '구역 {all}곳 중 {n}곳은 쾌적 범위를 지킬 수 없습니다: {unit}이(가) {time}에 {k} K 벗어남', 'outcome.yesterday': '예보가 없어 {all}단계 중 {n}단계는 어제 기온을 썼습니다',
	'outcome.ends': '예보가 끝나는 {n}시간까지만 예측합니다', 'outcome.short': '쓸 수 있는 이력이 너무 적습니다: {all}시간 중 {n}시간',

	'comfort.title': '쾌적', 'comfort.none': '이 건물에는 구역이 없습니다. nbms-sched zone으로 만듭니다.', 'comfort.x': '공기 온도, °C', 'comfort.y': '절대습도, g/kg', 'comfort.zone': '구역', 'comfort.t': '온도', 'comfort.rh': '습도', 'comfort.inside': '쾌적', 'comfort.outside': '쾌적 범위 벗어남', 'comfort.state': '상태', 'comfort.unknown': '값 없음', 'comfort.met': '활동량 {met} met, 착의량 {clo} clo, 기류 {v} m/s',
	'comfort.chart': '쾌적 범위를 표시한 습공기 선도',

	'reports.title': '보고서', 'reports.daily': '일간', 'reports.monthly': '월간', 'reports.html': 'HTML', 'reports.csv': 'CSV', 'reports.energy': '사용량', 'reports.cost': '요금', 'reports.peak': '최대수요', 'reports.day': '일', 'reports.at': '{time}', 'reports.estimate': '금액은 추정이며 청구서가 아닙니다.', 'reports.meter': '계량기', 'reports.none': '{time}에는 계측도 경보도 없습니다.',

	'reports.days': '일별 사용량, kWh', 'reports.count': '횟수', 'reports.range': '최저와 최고',
	'tender.title': '입찰 분석', 'tender.none': '아직 입찰 분석 결과가 없습니다.', 'tender.curve': '투찰 금액(₩)별 낙찰 확률', 'tender.win': '낙찰 확률', 'tender.base': '기초금액', 'tender.rate': '낙찰하한율', 'tender.bidders': '참가 업체 수', 'tender.ask': '예측', 'tender.below': '하한 미달',

	'bid.best': '최고 확률', 'bid.safe': '안전', 'bid.margin': '최대 이익', 'tender.of': '{time} 예측', 'forecast.spent': '쾌적을 위해 추가',

	'users.title': '사용자와 토큰', 'users.user': '사용자', 'users.role': '권한', 'users.mail': '메일', 'users.buildings': '건물', 'users.add': '사용자 추가', 'users.token': '새 토큰', 'users.revoke': '폐기', 'users.revoked': '{what} 폐기했습니다.', 'users.once': '토큰은 지금 한 번만 표시됩니다. {user}에게 안전하게 전달하십시오.', 'users.expires': '만료', 'users.used': '마지막 사용', 'users.state': '상태', 'users.sure': '{what}을(를) 폐기합니까? 사용 중인 세션은 끊깁니다.', 'users.endpoints': '경보를 받는 곳', 'users.untold': '아직 없습니다. nbms-push endpoint add로 추가합니다.', 'users.endpoint': '받는 곳', 'token.good': '사용 중', 'token.revoked': '폐기됨', 'token.expired': '만료됨', 'users.made': '{user} 사용자를 만들었습니다.', 'users.tokens': '토큰',
	'role.viewer': '조회', 'role.operator': '운전원', 'role.admin': '관리자',
};
