/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_CLEAN_H
#define MONITOR_EVENT_CLEAN_H

#include "event/event.h"

/*
 * Text parameters of calls as everything behind the source sees them: control characters and bytes that are no UTF-8
 * are U+FFFD, as in Falco, so that no file name can forge a line of output or hide from a rule's pattern. An event that
 * has none (nearly all) is left as it is; else it is built anew in storage, which it then borrows. 0, or -ENOMEM.
 */
int event_clean(struct event *ev, struct strbuf *storage, struct error *err);

#endif
