/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FIELD_CONTAINER_H
#define MONITOR_FIELD_FIELD_CONTAINER_H

#include "base/json_read.h"
#include "field/field.h"

/*
 * The metadata of the thread's container, as a JSON object: PRESENT with "" on the host, absent when a container's
 * metadata is not known.
 */
enum presence field_container_find(struct field_context *ctx, struct str *ret_object);

#endif
