/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FIELD_FD_H
#define MONITOR_FIELD_FIELD_FD_H

#include "field/field.h"

/*
 * The descriptor that the event is about: PRESENT with *ret_fd, else *ret_fd is NULL and it is absent or
 * unknown. Shared by fd.* and its network part.
 */
enum presence field_fd_find(struct field_context *ctx, struct fd **ret_fd);

/* Another descriptor of the event's process, by its number; likewise. The event's thread must be known. */
enum presence field_fd_other(struct field_context *ctx, int64_t number, struct fd **ret_fd);

/*
 * For what looks at all descriptors of the event's process: PRESENT when the table has all that can be had, UNKNOWN
 * when the source was asked for them.
 */
enum presence field_fd_all(struct field_context *ctx);

#endif
