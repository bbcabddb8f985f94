/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_OUTPUT_GRPC_ENCODE_H
#define MONITOR_OUTPUT_GRPC_ENCODE_H

#include "net/grpc.h"
#include "output/alert.h"
#include "output/output_grpc.h"

/* Alerts and versions as messages of proto/outputs.proto and proto/version.proto; NULL when memory is short. */
struct grpc_message *grpc_encode_alert(const struct alert *a);
struct grpc_message *grpc_encode_version(const struct grpc_versions *v);

#endif
