/* SPDX-License-Identifier: Apache-2.0 */
#include "net/grpc_server.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"
#include "net/channel.h"
#include "net/grpc_session.h"
#include "net/listen.h"
#include "net/nghttp2.h"

#define READ_BYTES    16384
#define NS_PER_MS     1000000ull

struct connection {
	struct channel channel;
	struct grpc_session *session;
	bool greeted; /* the handshake is over */
	uint64_t deadline; /* of the handshake, later of the farewell; 0 = none */
};

struct grpc_server {
	const struct grpc_service *service;
	struct tls_server *tls; /* NULL on a unix socket */
	char *address;
	int listener, wakeup; /* -1 = the address is not free yet, which the thread tries; an eventfd: stop */
	bool started;
	pthread_t thread;

	/* the thread's */
	struct connection *connections[GRPC_CONNECTIONS];
	size_t nconnections;
	bool stopping;
	uint64_t stop_by;
	uint64_t try_from; /* for the address; 0 = it was not tried yet */
	uint64_t shut_until; /* nobody can be let in; 0 = the last one was */

	pthread_mutex_t lock; /* of both */
	struct grpc_server_stats stats;
	struct error trouble; /* not told yet */
};

/* ---- one connection ------------------------------------------------------------------------------------ */

static void connection_free(struct connection *c)
{
	if (!c)
		return;
	channel_close(&c->channel);
	grpc_session_free(c->session);
	free(c);
}

static int send_pending(struct connection *c, struct error *err)
{
	struct str bytes;
	ssize_t n;
	int r;

	while ((r = grpc_session_pending(c->session, &bytes, err)) > 0) {
		n = channel_write(&c->channel, bytes.ptr, bytes.len, err);
		if (n < 0)
			return (int)n;
		if (n == 0)
			return error_set(err, -EPIPE, "connection closed");
		grpc_session_sent(c->session, (size_t)n);
	}
	return r;
}

/* One read a turn, so that no client keeps the others waiting. */
static int receive_some(struct connection *c, uint64_t now, struct error *err)
{
	char bytes[READ_BYTES];
	ssize_t n = channel_read(&c->channel, bytes, sizeof(bytes), err);

	if (n < 0)
		return (int)n;
	if (n == 0)
		return -ENODATA;
	return grpc_session_receive(c->session, (struct str){ bytes, (size_t)n }, now, err);
}

/* 0 = goes on, -ENODATA = the client is gone or both are done; else a fault. */
static int serve(struct connection *c, uint64_t now, struct error *err)
{
	int r;

	if (!c->greeted) {
		r = channel_handshake(&c->channel, err);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		c->greeted = true;
		c->deadline = 0;
	}
	r = receive_some(c, now, err);
	if (r < 0 && r != -EAGAIN)
		return r;
	grpc_session_expire(c->session, now);
	c->channel.waits = POLLIN;
	r = send_pending(c, err);
	if (r < 0 && r != -EAGAIN)
		return r;
	c->channel.waits |= POLLIN;
	return grpc_session_finished(c->session) ? -ENODATA : 0;
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static void count(struct grpc_server *s, uint64_t *counter, const struct error *err)
{
	pthread_mutex_lock(&s->lock);
	++*counter;
	if (err)
		s->stats.last = *err;
	pthread_mutex_unlock(&s->lock);
}

static void publish_open(struct grpc_server *s)
{
	pthread_mutex_lock(&s->lock);
	s->stats.open = s->nconnections;
	pthread_mutex_unlock(&s->lock);
}

static void tell_trouble(struct grpc_server *s, const struct error *err)
{
	pthread_mutex_lock(&s->lock);
	s->trouble = *err;
	pthread_mutex_unlock(&s->lock);
}

/* The kernel says without end that somebody wants in: where he cannot be let in, we do not look for a while. */
static void shut(struct grpc_server *s, int why)
{
	struct error err = { 0 };

	if (why != EMFILE && why != ENFILE && why != ENOBUFS && why != ENOMEM)
		return;
	error_errno(&err, -why, "clients have to wait");
	if (!s->shut_until)
		tell_trouble(s, &err);
	s->shut_until = clock_ns(CLOCK_MONOTONIC) + GRPC_SHUT_MS * NS_PER_MS;
}

static void take_connection(struct grpc_server *s)
{
	auto_fd int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct connection *c;
	struct error err = { 0 };
	int r;

	if (fd < 0) {
		shut(s, errno);
		return;
	}
	s->shut_until = 0;
	count(s, &s->stats.accepted, NULL);
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	c->channel.fd = -1;
	r = grpc_session_new(s->service, &c->session, &err);
	if (r == 0 && s->tls)
		r = channel_accept_tls(&c->channel, fd, s->tls, &err);
	else if (r == 0)
		channel_plain(&c->channel, fd);
	if (r < 0) {
		count(s, &s->stats.broken, &err);
		connection_free(c);
		return;
	}
	take_fd(fd);
	c->deadline = clock_ns(CLOCK_MONOTONIC) + GRPC_HANDSHAKE_SECONDS * NS_PER_SECOND;
	s->connections[s->nconnections++] = c;
	publish_open(s);
}

static void drop(struct grpc_server *s, size_t i, int why, const struct error *err)
{
	if (!s->connections[i]->greeted)
		count(s, &s->stats.refused, err);
	else if (why != -ENODATA)
		count(s, &s->stats.broken, err);
	connection_free(s->connections[i]);
	s->connections[i] = s->connections[--s->nconnections];
	publish_open(s);
}

static void serve_all(struct grpc_server *s, const struct pollfd *polled, uint64_t now)
{
	for (size_t i = s->nconnections; i-- > 0;) { /* from the end: drop() moves the last into a gap */
		struct connection *c = s->connections[i];
		uint64_t call = grpc_session_deadline(c->session);
		struct error err = { 0 };
		int r = 0;

		if (polled[i].revents || (call && now >= call))
			r = serve(c, now, &err);
		if (r == 0 && c->deadline && now >= c->deadline)
			r = error_set(&err, -ETIMEDOUT, "no handshake within %d s", GRPC_HANDSHAKE_SECONDS);
		if (r < 0)
			drop(s, i, r, &err);
	}
}

static bool is_shut(const struct grpc_server *s, uint64_t now)
{
	return now < s->shut_until;
}

/* Until the first deadline, in ms for poll(); -1 = none. */
static int patience(const struct grpc_server *s, uint64_t now)
{
	uint64_t first = s->stopping ? s->stop_by : is_shut(s, now) ? s->shut_until : 0;

	for (size_t i = 0; i < s->nconnections; i++) {
		uint64_t own = s->connections[i]->deadline, call = grpc_session_deadline(s->connections[i]->session);

		if (own && (!first || own < first))
			first = own;
		if (call && (!first || call < first))
			first = call;
	}
	if (!first)
		return -1;
	if (first <= now)
		return 0;
	first = (first - now) / NS_PER_MS + 1;
	return first < 3600000 ? (int)first : 3600000;
}

static void begin_stop(struct grpc_server *s)
{
	struct error err = { 0 };

	s->stopping = true;
	s->stop_by = clock_ns(CLOCK_MONOTONIC) + GRPC_STOP_SECONDS * NS_PER_SECOND;
	for (size_t i = s->nconnections; i-- > 0;) {
		grpc_session_stop(s->connections[i]->session);
		if (!s->connections[i]->greeted || (send_pending(s->connections[i], &err) != -EAGAIN &&
						    grpc_session_finished(s->connections[i]->session)))
			drop(s, i, -ENODATA, &err);
	}
}

/* Milliseconds until it is tried again, -1 = it is ours. */
static int take_address(struct grpc_server *s)
{
	struct error err = { 0 };
	uint64_t now = clock_ns(CLOCK_MONOTONIC), waited;

	if (s->listener >= 0 || s->stopping || listen_now(s->address, &s->listener, &err) == 0)
		return -1;
	if (!s->try_from)
		s->try_from = now;
	waited = (now - s->try_from) / NS_PER_MS;
	if (waited < GRPC_ADDRESS_MS)
		return LISTEN_RETRY_MS;
	/* who waits for ever says so once in a while */
	s->try_from = now;
	tell_trouble(s, &err);
	return LISTEN_RETRY_MS;
}

static int sooner(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void *run(void *server)
{
	struct grpc_server *s = server;

	while (!s->stopping || (s->nconnections && clock_ns(CLOCK_MONOTONIC) < s->stop_by)) {
		struct pollfd polled[GRPC_CONNECTIONS + 2];
		size_t n = s->nconnections;
		int again = take_address(s);
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		/* else clients wait in the backlog */
		bool room = !s->stopping && n < GRPC_CONNECTIONS && !is_shut(s, now);

		for (size_t i = 0; i < n; i++)
			polled[i] = (struct pollfd){ .fd = s->connections[i]->channel.fd,
						     .events = s->connections[i]->channel.waits };
		polled[n] = (struct pollfd){ .fd = room ? s->listener : -1, .events = POLLIN };
		polled[n + 1] = (struct pollfd){ .fd = s->stopping ? -1 : s->wakeup, .events = POLLIN };
		if (poll(polled, n + 2, sooner(patience(s, now), again)) < 0 && errno != EINTR)
			break;
		serve_all(s, polled, clock_ns(CLOCK_MONOTONIC));
		if (polled[n].revents)
			take_connection(s);
		if (polled[n + 1].revents)
			begin_stop(s);
	}
	while (s->nconnections)
		connection_free(s->connections[--s->nconnections]);
	return NULL;
}

/* ---- life ---------------------------------------------------------------------------------------------- */

static int start_thread(struct grpc_server *s, struct error *err)
{
	int r = thread_start(&s->thread, run, s);

	if (r < 0)
		return error_errno(err, r, "cannot start a thread");
	s->started = true;
	return 0;
}

int grpc_server_new(const struct grpc_server_options *options, const struct grpc_service *service,
		    struct grpc_server **ret_server, struct error *err)
{
	auto_grpc_server struct grpc_server *s = NULL;
	int r = nghttp2_load(err); /* a connection's session would be too late to say so */

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->listener = s->wakeup = -1;
	s->service = service;
	pthread_mutex_init(&s->lock, NULL);
	if (!listen_is_unix(options->address)) {
		r = tls_server_new(options->cert, options->key, options->ca, "h2", &s->tls, err);
		if (r < 0)
			return r;
	}
	s->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->wakeup < 0)
		return error_errno(err, -errno, "cannot make an eventfd");
	r = options->patience == GRPC_SERVER_WAIT ? listen_at(options->address, &s->listener, err) :
						    listen_now(options->address, &s->listener, err);
	if (r < 0 && (r != -EADDRINUSE || options->patience != GRPC_SERVER_LATER))
		return r;
	*err = (struct error){ 0 };
	s->address = strdup(options->address);
	if (!s->address)
		return error_set(err, -ENOMEM, "out of memory");
	r = start_thread(s, err);
	if (r < 0)
		return r;
	*ret_server = take_ptr(s);
	return 0;
}

void grpc_server_free(struct grpc_server *s)
{
	if (!s)
		return;
	if (s->started) {
		eventfd_write(s->wakeup, 1);
		pthread_join(s->thread, NULL);
	}
	/* in this order: another one may wait for it. Without a listener the file is that one's */
	if (s->address && s->listener >= 0)
		listen_remove(s->address);
	if (s->listener >= 0)
		close(s->listener);
	if (s->wakeup >= 0)
		close(s->wakeup);
	tls_server_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	free(s->address);
	free(s);
}

int grpc_server_trouble(struct grpc_server *s, struct error *err)
{
	struct error trouble;

	pthread_mutex_lock(&s->lock);
	trouble = s->trouble;
	s->trouble.code = 0;
	pthread_mutex_unlock(&s->lock);
	return trouble.code ? error_set(err, trouble.code, "%s", trouble.text) : 0;
}

void grpc_server_stats(struct grpc_server *s, struct grpc_server_stats *ret_stats)
{
	pthread_mutex_lock(&s->lock);
	*ret_stats = s->stats;
	pthread_mutex_unlock(&s->lock);
}
