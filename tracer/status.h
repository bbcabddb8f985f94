/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_STATUS_H
#define MONITOR_TRACER_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

/* /proc/TID/status, whole: whoever has many groups has a long line of them, and most of the others come behind it. */

/* Its text, on the heap; tid 0: of the calling process. -ENOENT or -ESRCH: the thread is gone; or another -errno. */
int status_read(pid_t tid, char **ret_text);

/* What stands behind "KEY:" in it, without the blanks before; empty when there is no such line. A view of the text. */
struct str status_line(const char *text, const char *key);

/* Whether a line of signals ("SigCgt" …) has one of some; false also when the thread is gone. A set has a bit for each: */
#define STATUS_SIGNAL(number) (1ull << ((number) - 1))
bool status_has_signal(pid_t tid, const char *key, uint64_t signals);

#endif
