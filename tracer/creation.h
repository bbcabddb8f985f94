/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_CREATION_H
#define MONITOR_TRACER_CREATION_H

#include <stdbool.h>
#include <sys/types.h>

struct process;
struct tracee;

/* The caller's file creation mask; negative errno. */
int creation_mask(struct tracee *tracee, mode_t *ret_mask);
/* A thread of the process is about to change its mask: read anew each time until the next exec. */
void creation_mask_moves(struct process *process);
/* Whether the process can surely open one more: an open that fails with EMFILE must neither create nor truncate. */
bool creation_has_room(pid_t pid);
/* Whether it perhaps can not, wherever that can be known at little cost. */
bool creation_may_be_full(pid_t pid);

#endif
