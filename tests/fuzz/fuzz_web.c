/* SPDX-License-Identifier: Apache-2.0 */
#include "net/web.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define TOKEN "0123456789abcdefghijklmnopqrstuv"
#define HIDDEN "hidden-page"

static void write_open(void *context, struct strbuf *out)
{
	(void)context;
	strbuf_adds(out, "{\"status\": \"ok\"}");
}

static void write_hidden(void *context, struct strbuf *out)
{
	(void)context;
	strbuf_adds(out, HIDDEN);
}

static struct web *start(void)
{
	static const struct web_page pages[] = { { "/healthz", "application/json", true, NULL, write_open },
						 { "/metrics", "text/plain", false, NULL, write_hidden } };
	const struct web_options options = {
		.address = "127.0.0.1", .threads = 1, .token = TOKEN, .pages = pages, .npages = 2,
	};
	struct error err;
	struct web *w;

	if (web_new(&options, &w, &err) < 0)
		abort();
	return w;
}

/*
 * The fuzzer's alarm clock interrupts calls; on Linux a connect() that is made again goes on to wait for the
 * same connection.
 */
static int connect_to(unsigned int port)
{
	const struct sockaddr_in at = { .sin_family = AF_INET,
					.sin_port = htons((uint16_t)port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct linger now = { .l_onoff = 1 }; /* leaves no connection behind */
	const struct timeval limit = { .tv_usec = 2000 };
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (s < 0 || TEMP_FAILURE_RETRY(connect(s, (const struct sockaddr *)(const void *)&at, sizeof(at))) < 0) {
		perror("fuzz_web: no connection");
		abort();
	}
	setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return s;
}

/*
 * A hostile client, in two pieces: whatever it says, the page behind the token stays hidden unless it has the
 * token, and the server goes on to answer others.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const char health[] = "GET /healthz HTTP/1.0\r\n\r\n";
	static struct web *w;
	static unsigned int runs;
	char answer[8192];
	size_t n = 0, half = len ? bytes[0] % len : 0;
	ssize_t got;
	int s;

	if (!w)
		w = start();
	s = connect_to(web_port(w));
	if (send(s, bytes, half, MSG_NOSIGNAL) < 0 || send(s, bytes + half, len - half, MSG_NOSIGNAL) < 0)
		n = 0; /* it had enough */
	shutdown(s, SHUT_WR);
	while (n < sizeof(answer) && (got = TEMP_FAILURE_RETRY(recv(s, answer + n, sizeof(answer) - n, 0))) > 0)
		n += (size_t)got;
	close(s);
	if (memmem(answer, n, HIDDEN, strlen(HIDDEN)) && !memmem(bytes, len, TOKEN, strlen(TOKEN)))
		abort();
	if (runs++ % 64)
		return 0;
	s = connect_to(web_port(w));
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &(const struct timeval){ .tv_sec = 5 }, sizeof(struct timeval));
	if (send(s, health, strlen(health), MSG_NOSIGNAL) < 0)
		abort();
	got = TEMP_FAILURE_RETRY(recv(s, answer, sizeof(answer), 0));
	if (got < 15 || memcmp(answer, "HTTP/1.1 200 OK", 15) != 0)
		abort();
	close(s);
	return 0;
}
