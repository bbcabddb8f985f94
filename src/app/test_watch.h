/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_TEST_WATCH_H
#define MONITOR_APP_TEST_WATCH_H

#include "base/error.h"

/* The files that tests were made from: waits until one of them changes. fd -1 = nothing is watched. */
struct test_watch {
	int fd; /* inotify */
};

/* Forgets what was watched, watches nothing. 0 or negative. */
int test_watch_start(struct test_watch *w, struct error *err);
/*
 * A file or a folder; does nothing when nothing is watched. What cannot be watched is read again when another
 * changes.
 */
void test_watch_add(struct test_watch *w, const char *path);
/* 1 = something changed (and has been quiet for a moment since), 0 = a signal asks to stop, or negative. */
int test_watch_wait(struct test_watch *w, struct error *err);
void test_watch_stop(struct test_watch *w);

#endif
