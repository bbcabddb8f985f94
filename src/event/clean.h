/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_CLEAN_H
#define MONITOR_EVENT_CLEAN_H

#include "event/event.h"

/*
 * Text parameters of calls as everything behind the source sees them: control characters and bytes that are
 * no UTF-8 are U+FFFD, as in Falco, so that no file name can forge a line of output or hide from a rule's
 * pattern. An event that has none among its texts (nearly all) is left as it is; else it is built anew in
 * storage, which it then borrows. 0, or -ENOMEM.
 */
int event_clean(struct event *ev, uint64_t texts, struct strbuf *storage, struct error *err);
/* Which parameters of that type are texts: bit i for parameter i. JSON is none, its escapes say what it holds. */
uint64_t event_texts(uint16_t type);

/*
 * The same for a list of texts with a NUL after each (arguments, environment), which event_clean() leaves
 * alone since event arguments show them otherwise. False: nothing to do, out is untouched. True: out has it
 * clean; mind out->failed.
 */
bool clean_list(struct str list, struct strbuf *out);
/* The same for one text. */
bool clean_text(struct str text, struct strbuf *out);
/* Replaces *text by the same, clean, which storage has then. 0 or -ENOMEM. */
int clean_replace(struct str *text, struct strbuf *storage);
/* Appends the text, clean. */
void clean_add(struct strbuf *out, struct str text);

#endif
