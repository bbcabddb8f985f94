/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_STACK_H
#define MONITOR_APP_STACK_H

#include <sys/resource.h>

#include "base/error.h"

/*
 * What the user allows the stack of each process (ulimit -s) may be less than ours takes, and who grows beyond
 * it is killed without a word. So it is raised as far as may be, for the threads to come as well; an error
 * where that does not do. Before there are threads.
 */
int stack_claim(struct error *err);
/* As it was before that: for a command that is to be started as if we were not there. */
struct rlimit stack_given(void);

#endif
