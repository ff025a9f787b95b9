/* The machine's limit for making certificates: N times an EC P-256 key and an ECDSA signature
 * over as many bytes as a gateway's certificate has. Prints pairs a second. */
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CERTIFICATE_BYTES 400

static double
seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
sign_once(EVP_PKEY *with)
{
	static const unsigned char text[CERTIFICATE_BYTES];
	unsigned char signature[256];
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int fine = EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, with) == 1 &&
		   EVP_DigestSign(ctx, signature, &n, text, sizeof(text)) == 1;

	EVP_MD_CTX_free(ctx);
	return fine;
}

static int
make_keys(long n)
{
	EVP_PKEY *authority = EVP_EC_gen("P-256");
	int fine = authority != NULL;

	for (; fine && n > 0; n--) {
		EVP_PKEY *key = EVP_EC_gen("P-256");

		fine = key != NULL && sign_once(authority);
		EVP_PKEY_free(key);
	}
	EVP_PKEY_free(authority);
	return fine;
}

static int
make_file(const char *dir, const char *name, size_t n)
{
	static const char text[8192];
	char path[4096];
	int fd, fine;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	fine = fd >= 0 && write(fd, text, n) == (ssize_t)n;
	return fd >= 0 && close(fd) == 0 && fine;
}

static int
make_files(long n, const char *top)
{
	int fine = mkdir(top, 0700) == 0, fd;
	char dir[2048];

	for (; fine && n > 0; n--) {
		(void)snprintf(dir, sizeof(dir), "%s/%ld", top, n);
		fine = mkdir(dir, 0700) == 0 && make_file(dir, "x.tar", 6144);
		(void)snprintf(dir, sizeof(dir), "%s/%ld/x", top, n);
		fine = fine && mkdir(dir, 0700) == 0 &&
		       make_file(dir, "certificate.pem", 640) &&
		       make_file(dir, "private.key", 241) &&
		       make_file(dir, "root-ca.pem", 580) && make_file(dir, "mw.json", 320);
	}
	fd = open(top, O_RDONLY | O_CLOEXEC);
	fine = fd >= 0 && syncfs(fd) == 0 && fine;
	return fd >= 0 && close(fd) == 0 && fine;
}

int
main(int argc, char *argv[])
{
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	double from = seconds();

	if (!(argc > 2 ? make_files(n, argv[2]) : make_keys(n)))
		return 1;
	printf("%.1f\n", (double)n / (seconds() - from));
	return 0;
}
