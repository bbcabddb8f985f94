/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_IMAGE_H
#define MONITOR_TRACER_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "tracer/memory.h"

/* What exec gave a program, from the stack that it has not touched yet: cheaper than three files of /proc. */
struct exec_image {
	/* each text with its NUL; cut at the room that events have */
	char args[EVENT_STRING_BYTES], env[EVENT_STRING_BYTES];
	size_t args_len, env_len;
};

/* stack: the stack pointer of a 64-bit program that is in its exec stop. -E2BIG, -EFAULT, -EBADMSG: ask /proc. */
int image_read(struct memory *m, uint64_t stack, struct exec_image *ret_image);

#endif
