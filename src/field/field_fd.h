/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FIELD_FD_H
#define MONITOR_FIELD_FIELD_FD_H

#include "field/field.h"

/*
 * The descriptor that the event is about: PRESENT with *ret_fd, else *ret_fd is NULL and it is absent or
 * unknown. Shared by fd.* and its network part.
 */
enum presence field_fd_find(struct field_context *ctx, struct fd **ret_fd);

#endif
