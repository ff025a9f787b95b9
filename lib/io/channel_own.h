/* channel_own: what the files of channel share: the settings, and the making of requests. */
#ifndef NBMS_IO_CHANNEL_OWN_H
#define NBMS_IO_CHANNEL_OWN_H

#include "base/json.h"
#include "io/channel.h"

struct channel_settings {
	bool there;
	char *url;    /* fcm, sns: the service's address; mail: the server */
	char *cafile; /* NULL: the system's */
	/* fcm */
	char *project, *client_email, *private_key, *token_uri;
	/* sns */
	char *access_key_id, *secret_access_key;
	/* mail */
	char *from, *user, *password;
	/* webhook */
	char *secret;
};

struct channels {
	struct channel_settings of[CHANNEL_KINDS];
	struct json *json;
	struct buf body, scratch, url, headers[4];
	char *token;        /* of fcm; NULL: none */
	when_t token_until; /* it is good so long */
	bool token_under_way;
	when_t token_again; /* not before, where it was refused */
};

#define CHANNEL_TOKEN_TAG (-1)

/* Each starts a request. */
void channel_start_fcm(struct channels *c, struct post *post, const struct channel_message *m);
void channel_start_sns(
    struct channels *c, struct post *post, const struct channel_message *m, when_t now);
void channel_start_mail(
    struct channels *c, struct post *post, const struct channel_message *m, when_t now);
void channel_start_webhook(
    struct channels *c, struct post *post, const struct channel_message *m, when_t now);
void channel_start_token(struct channels *c, struct post *post, when_t now);

#endif
