#include "device/job.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/files.h"
#include "base/out.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What is not said again stays as it was: ports, user, plugin, names. */
static void
merge_list(struct opt_list *said, const struct opt_list *was)
{
	size_t i;

	for (i = 0; said->n < was->n && i < was->n; i++)
		opt_list_add(said, was->items[i]);
}

static void
merge(struct broker *said, const struct broker *was)
{
	if (said->names.n == 0)
		merge_list(&said->names, &was->names);
	if (said->nodes.n == 0 && (said->engine == NULL || was->engine == NULL ||
				      strcmp(said->engine, was->engine) == 0))
		merge_list(&said->nodes, &was->nodes);
	said->engine = said->engine != NULL ? said->engine : was->engine;
	said->shards = said->shards != 0 ? said->shards : was->shards;
	said->rsa = said->rsa || was->rsa;
	said->out = said->out != NULL ? said->out : was->out;
	said->user = said->user != NULL ? said->user : was->user;
	said->plugin = said->plugin != NULL ? said->plugin : was->plugin;
	said->port = said->port != 0 ? said->port : was->port;
	said->site_port = said->site_port != 0 ? said->site_port : was->site_port;
	said->websocket = said->websocket >= 0 ? said->websocket : was->websocket;
	said->queue = said->queue != 0 ? said->queue : was->queue;
}

static bool
same_names(const struct opt_list *a, const struct opt_list *b)
{
	size_t i;

	for (i = 0; i < a->n && i < b->n && strcmp(a->items[i], b->items[i]) == 0; i++)
		;
	return i == a->n && i == b->n;
}

/* The plugin that notes certificates, where it is installed beside the program. */
static const char *
find_plugin(char to[PATH_MAX])
{
	static const char *const places[] = { "mosquitto-nbms.so",
		"../lib/nbms/mosquitto-nbms.so" };
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", self, places[i]);
		if (access(path, R_OK) == 0)
			return realpath(path, to);
	}
	return NULL;
}

static void
check_names(const struct opt_list *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (names->items[i][0] == '\0' || strlen(names->items[i]) > PKI_CN_MAX ||
		    strspn(names->items[i],
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			"0123456789.:-") != strlen(names->items[i]))
			opt_wrong("--name: not a host name or address: %s", names->items[i]);
}

int
verb_broker(struct device_job *job, int argc, char *argv[])
{
	struct broker said = job->broker;
	char out[PATH_MAX], plugin[PATH_MAX], self[PKI_CN_MAX] = "localhost";
	struct broker_material m;
	bool anew, changed = false;
	size_t differ = 0;

	job_no_operands(argc, argv);
	check_names(&said.names);
	job_open_site(job, DB_WRITE);
	job_open_pki(job, true);
	job->broker = (struct broker){ 0 };
	(void)job_broker(job);
	anew = (said.names.n > 0 && !same_names(&said.names, &job->broker.names)) ||
	       (said.nodes.n > 0 && !same_names(&said.nodes, &job->broker.nodes));
	said.out = job->out;
	merge(&said, &job->broker);
	if (said.out == NULL)
		opt_wrong("broker: --out DIR is needed");
	if (said.names.n == 0) {
		(void)gethostname(self, sizeof(self) - 1);
		opt_list_add(&said.names, self);
	}
	if (said.plugin == NULL)
		said.plugin = find_plugin(plugin);
	broker_defaults(&said);
	if (broker_wrong(&said) != NULL)
		opt_wrong("broker: %s", broker_wrong(&said));
	if (!job->diff)
		job_on_disk(dir_make(said.out, 0755));
	if (realpath(said.out, out) != NULL)
		said.out = out;
	opt_list_free(&job->broker.names);
	opt_list_free(&job->broker.nodes);
	job->broker = said;
	m = job_material(job, anew && !job->diff);
	if (job->diff) {
		differ = broker_diff(&said, &m);
	} else {
		struct buf text = BUF(1 << 16);

		broker_save(&said, &text);
		job_on_disk(broker_apply(&said, &m, &changed));
		db_begin(job->site);
		setting_put(job->site, "broker", buf_span(&text));
		db_commit(job->site);
		buf_free(&text);
		if (changed && broker_reload(&said))
			diag("the broker reads its lists and certificates again; "
			     "listeners and limits need a restart");
	}
	broker_material_free(&m);
	return differ > 0 ? EX_REJECTED : 0;
}

int
verb_renew_crl(struct device_job *job, int argc, char *argv[])
{
	job_no_operands(argc, argv);
	job_open_site(job, DB_WRITE);
	job_open_pki(job, true);
	job_write_crl(job);
	job_refresh_broker(job);
	return 0;
}
