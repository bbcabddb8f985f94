/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_EDIT_H
#define MONITOR_STATE_EDIT_H

#include "state/fdtable.h"
#include "state/state.h"
#include "state/threads.h"

/*
 * The table of threads as plugins change it, between the events' own changes: never while fields or a subject
 * are in use other than through a new look-up. Made-up threads are the caller's until they are added.
 */
struct thread *edit_new_thread(void); /* no number, nothing known; NULL when memory is short */
/* Under this number, in place of whoever had it. Takes t over also when it fails: -EINVAL, -ENOSPC, -ENOMEM. */
int edit_add_thread(struct state *s, struct thread *t, int64_t tid);
int edit_remove_thread(struct state *s, int64_t tid); /* -ENOENT when there is none */
void edit_remove_threads(struct state *s);
struct thread *edit_thread(struct state *s, int64_t tid); /* as state_thread(), without counting */
/* Walks: start with *at = 0, ends with NULL. Nothing may be added or removed meanwhile. */
struct thread *edit_next_thread(struct state *s, uint32_t *at);
size_t edit_count_threads(const struct state *s);
/* Another parent, with all that hangs on it. */
void edit_set_parent(struct state *s, struct thread *t, int64_t ptid);

#endif
