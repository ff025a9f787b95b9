/* nbms-device: customers, buildings and their gateways: who there is, and what proves it. */
#include "base/prog.h"
#include "device/job.h"

#define PERIOD 15 /* minutes between a gateway's records */

static const struct {
	const char *name, *usage;
	int (*run)(struct device_job *job, int argc, char *argv[]);
} verbs[] = {
	{ "register", "register [-n] [FILE ...]", verb_register },
	{ "create", "create [--timezone ZONE] [--csr FILE] [--rsa] [THING ...]", verb_create },
	{ "delete", "delete [--purge] [THING ...]", verb_delete },
	{ "rotate", "rotate [--force | --seen] [THING ...] | rotate --settle", verb_rotate },
	{ "list", "list [--type TYPE]", verb_list },
	{ "show", "show THING ...", verb_show },
	{ "bundle", "bundle --out DIR [--tar] THING ...", verb_bundle },
	{ "expiring", "expiring [--days N]", verb_expiring },
	{ "renew-crl", "renew-crl [--crl-days N]", verb_renew_crl },
	{ "verify", "verify", verb_verify },
	{ "broker", "broker --out DIR [--engine mosquitto | nats] [--diff] [--name HOST] ...",
	    verb_broker },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int
run(struct device_job *job, int argc, char *argv[])
{
	const struct opt opts[] = {
		STATE_OPTION(&job->dir),
		{ 'n', "dry-run", NULL, OPT_FLAG, &job->dry_run,
		    "register: check, and change nothing" },
		{ '\0', "timezone", "ZONE", OPT_TEXT, &job->timezone,
		    "create: IANA zone of a new building" },
		{ '\0', "device-name", "NAME", OPT_TEXT, &job->device_name,
		    "create: what people call it" },
		{ '\0', "csr", "FILE", OPT_TEXT, &job->csr,
		    "the gateway's own request: its key stays there" },
		{ '\0', "rsa", NULL, OPT_FLAG, &job->rsa, "RSA-2048 keys instead of EC P-256" },
		{ '\0', "days", "N", OPT_COUNT, &job->days,
		    "certificates are valid so long (730); expiring: what ends within (30)" },
		{ '\0', "host", "HOST", OPT_TEXT, &job->host,
		    "the broker's name in bundles (as broker --name)" },
		{ '\0', "port", "PORT", OPT_COUNT, &job->port, "the gateways' port (8883)" },
		{ '\0', "period", "MINUTES", OPT_COUNT, &job->period,
		    "how often a gateway reports (15)" },
		{ '\0', "ca", "FILE", OPT_TEXT, &job->ca,
		    "first use: an authority there is, issuer first, root last" },
		{ '\0', "ca-key", "FILE", OPT_TEXT, &job->ca_key, "first use: its key" },
		{ '\0', "purge", NULL, OPT_FLAG, &job->purge,
		    "delete: points and month files too" },
		{ '\0', "force", NULL, OPT_FLAG, &job->force,
		    "rotate: even while a rotation is under way" },
		{ '\0', "seen", NULL, OPT_FLAG, &job->seen,
		    "rotate: the new certificate is known to work" },
		{ '\0', "settle", NULL, OPT_FLAG, &job->settle,
		    "rotate: revoke what seen ones have replaced" },
		{ '\0', "crl-days", "N", OPT_COUNT, &job->crl_days,
		    "a revocation list stands so long (30)" },
		{ 'o', "out", "DIR", OPT_TEXT, &job->out, "where bundle and broker write" },
		{ '\0', "tar", NULL, OPT_FLAG, &job->tar, "bundle: a tar file each" },
		{ '\0', "diff", NULL, OPT_FLAG, &job->diff,
		    "broker: show what would change, and change nothing" },
		{ '\0', "name", "HOST", OPT_LIST, &job->broker.names,
		    "broker: what gateways call this host; again for more" },
		{ '\0', "engine", "NAME", OPT_TEXT, &job->broker.engine,
		    "broker: mosquitto, or nats: a cluster" },
		{ '\0', "node", "NODE", OPT_LIST, &job->broker.nodes,
		    "broker: nats: HOST[:PORT[:ROUTES[:MONITOR]]]; again for each" },
		{ '\0', "shards", "N", OPT_COUNT, &job->broker.shards,
		    "broker: nats: topics shard/0/# to shard/N-1/# (4)" },
		{ '\0', "site-port", "PORT", OPT_COUNT, &job->broker.site_port,
		    "broker: loopback, the site's programs (8884)" },
		{ '\0', "websocket", "PORT", OPT_COUNT, &job->broker.websocket,
		    "broker: a WebSocket listener too (0: none)" },
		{ '\0', "queue", "BYTES", OPT_BYTES, &job->broker.queue,
		    "broker: held for a client that is away (1G)" },
		{ '\0', "user", "USER", OPT_TEXT, &job->broker.user,
		    "broker: whom it becomes when root starts it" },
		{ '\0', "plugin", "FILE", OPT_TEXT, &job->broker.plugin,
		    "broker: what notes certificates seen, or none" },
		{ '\0', "type", "TYPE", OPT_TEXT, &job->type, "list: rows of TYPE (thing)" },
		TABLE_OPTIONS(&job->form),
		RECORDS_OPTIONS(&job->records),
		OPT_END,
	};
	const char *usage[VERBS + 1] = { NULL }, *names[VERBS + 1] = { NULL };
	const struct opt_spec spec = { usage,
		"Keeps the registry of customers, buildings and gateways, their certificates,\n"
		"and the broker's list of who may do what.",
		opts, "TYPE is " DIRECTORY_TYPES "." };
	int verb, first;
	size_t i;

	for (i = 0; i < VERBS; i++) {
		usage[i] = verbs[i].usage;
		names[i] = verbs[i].name;
	}
	verb = opt_verb(&spec, names, argc, argv);
	first = opt_parse(&spec, argc - 1, argv + 1) + 1;
	if (job->crl_days == 0 || job->crl_days > DAYS_MAX || job->days > DAYS_MAX)
		opt_wrong("--days and --crl-days: 1 to %d", DAYS_MAX);
	if (job->port > 65535 || job->broker.site_port > 65535 || job->broker.websocket > 65535)
		opt_wrong("a port is at most 65535");
	job->broker.port = job->port;
	job->broker.rsa = job->rsa;
	return verbs[verb].run(job, argc - first, argv + first);
}

int
main(int argc, char *argv[])
{
	struct device_job job = { .type = "thing",
		.days = DAYS_DEFAULT,
		.crl_days = PKI_CRL_DAYS,
		.period = PERIOD,
		.broker.websocket = BROKER_NOT_SAID,
		.results = BUF(RESULTS_MAX),
		.dropped = BUF(RESULTS_MAX),
		.purged = BUF(RESULTS_MAX),
		.broker_text = BUF(1 << 16) };
	int status;

	prog_begin("nbms-device");
	status = run(&job, argc, argv);
	job_end(&job);
	return prog_end(status);
}
