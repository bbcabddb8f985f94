/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_grpc.h"

#ifdef HAVE_GRPC

#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "net/grpc_server.h"
#include "output/grpc_encode.h"
#include "output/grpc_queue.h"

struct output_grpc {
	struct output head;
	struct grpc_queue queue;
	struct grpc_versions versions;
	struct grpc_service service;
	struct grpc_server *server;
};

/* ---- methods: on the server's thread ------------------------------------------------------------------- */

static int next_alert(void *output, uint64_t given, struct grpc_message **ret_message)
{
	struct output_grpc *o = output;

	(void)given;
	return grpc_queue_take(&o->queue, ret_message);
}

static void alert_undelivered(void *output, struct grpc_message *message)
{
	struct output_grpc *o = output;

	grpc_queue_put_back(&o->queue, message);
}

static int next_version(void *output, uint64_t given, struct grpc_message **ret_message)
{
	const struct output_grpc *o = output;

	if (given)
		return 0;
	*ret_message = grpc_encode_version(&o->versions);
	return *ret_message ? 1 : -ENOMEM;
}

/* the version first, so that a server without alerts has a shorter list */
static const struct grpc_method methods[] = {
	{ .path = "/falco.version.service/version", .next = next_version },
	{ .path = "/falco.outputs.service/get", .next = next_alert, .undelivered = alert_undelivered },
	{ .path = "/falco.outputs.service/sub", .streams_in = true, .next = next_alert,
	  .undelivered = alert_undelivered },
};

/* ---- the output ---------------------------------------------------------------------------------------- */

static int grpc_send(struct output *head, const struct alert *a, struct error *err)
{
	struct output_grpc *o = (struct output_grpc *)head;
	int r;

	if (o->service.nmethods == 1)
		return 0; /* only the version is served */
	r = grpc_queue_put(&o->queue, a);
	if (r < 0) {
		head->failed++;
		return error_errno(err, r, "gRPC: %zu alerts wait for a client already", grpc_queue_count(&o->queue));
	}
	head->sent++;
	return 0;
}

/* Alerts that wait for clients, where there are any. */
static int grpc_drain(struct output *head, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	struct output_grpc *o = (struct output_grpc *)head;
	struct grpc_server_stats stats;
	size_t left;

	for (int i = 0; (left = grpc_queue_count(&o->queue)) > 0 && i < OUTPUT_DRAIN_SECONDS * 50; i++) {
		grpc_server_stats(o->server, &stats);
		if (!stats.open)
			break;
		nanosleep(&pause, NULL);
	}
	if (!left)
		return 0;
	head->sent -= left;
	head->failed += left;
	return error_set(err, -ENODATA, "gRPC: no client fetched the last %zu alert%s", left, str_plural(left));
}

static int grpc_check(struct output *head, struct error *err)
{
	int r = grpc_server_trouble(((struct output_grpc *)head)->server, err);

	return r < 0 ? error_prefix(err, r, "gRPC") : 0;
}

static void grpc_close(struct output *head)
{
	struct output_grpc *o = (struct output_grpc *)head;

	grpc_server_free(o->server);
	grpc_queue_release(&o->queue);
	free(o);
}

static const struct output_ops grpc_ops = {
	.name = "grpc",
	.send = grpc_send,
	.drain = grpc_drain,
	.check = grpc_check,
	.close = grpc_close,
};

int output_grpc_open(const struct output_grpc_options *options, struct output **ret_output, struct error *err)
{
	const struct grpc_server_options server = {
		.address = options->address,
		.cert = options->cert,
		.key = options->key,
		.ca = options->ca,
		.patience = options->later ? GRPC_SERVER_LATER : options->wait ? GRPC_SERVER_WAIT : GRPC_SERVER_NOW,
	};
	struct output_grpc *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return error_set(err, -ENOMEM, "out of memory");
	o->head.ops = &grpc_ops;
	grpc_queue_init(&o->queue);
	o->versions = options->versions;
	o->service = (struct grpc_service){ methods, options->alerts ? ARRAY_SIZE(methods) : 1, o };
	r = grpc_server_new(&server, &o->service, &o->server, err);
	if (r < 0) {
		grpc_close(&o->head);
		return error_prefix(err, r, "gRPC");
	}
	*ret_output = &o->head;
	return 0;
}

#else

int output_grpc_open(const struct output_grpc_options *options, struct output **ret_output, struct error *err)
{
	(void)options;
	(void)ret_output;
	return error_set(err, -ENOTSUP, "this build has no gRPC (configured --without-grpc)");
}

#endif
