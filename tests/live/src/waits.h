/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_LIVE_SRC_WAITS_H
#define MONITOR_TESTS_LIVE_SRC_WAITS_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#define AWAIT_MS 10000 /* for what comes at once, however busy the machine is */
#define LOOK_US  20000 /* between two looks */

long since_ms(const struct timespec *since);
/* The file that says what state a process is in; its state is read without another look for a name. */
int open_state(pid_t pid);
/* Whether it sleeps, and has done so in the last looks: 0 in *slept at first. */
bool sleeps(int state, int *slept);

#endif
