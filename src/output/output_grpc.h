/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_OUTPUT_GRPC_H
#define MONITOR_OUTPUT_OUTPUT_GRPC_H

#include "output/output.h"

/* What the version service says; texts are borrowed. */
struct grpc_versions {
	const char *version, *engine_version; /* major.minor.patch */
	const char *fields_checksum;
};

struct output_grpc_options {
	const char *address; /* unix:///path, or host:port by TLS with client certificates */
	const char *cert, *key, *ca;
	bool wait, later; /* see enum grpc_server_patience; neither: fail at once when the address is in use */
	bool alerts; /* serve alerts (grpc_output.enabled); else only the version */
	struct grpc_versions versions;
};

/*
 * A gRPC server that clients fetch alerts from (proto/outputs.proto), each alert by one of them. Alerts wait in a
 * bounded queue; one that finds no room fails with -ENOBUFS. At the end those that nobody fetched count as failed.
 * Needs alerts with fields (engine_options.alert_fields). -ENOTSUP in a build without gRPC.
 */
int output_grpc_open(const struct output_grpc_options *options, struct output **ret_output, struct error *err);

#endif
