/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_TOLD_H
#define MONITOR_SOURCE_SCAP_TOLD_H

#include "event/event.h"

/*
 * What a capture has told of descriptors so far. Its writer and its reader keep the same memory of it, from the same events, so an
 * answer to a need that follows from it, and the real path of an open, need not be written. Where it does not follow, a note in
 * the flags of the event's block tells what is so instead; and where a note cannot, the answer or the extension record is written as
 * an event of its own before it. Fixed size: what is pushed out is told again.
 */
struct scap_told;

/* Notes: bits of an event block's flags that other readers pass over. Part of the format. */
enum {
	SCAP_NOTE_FORGET = 1u << 16, /* nothing was told before this event */
	SCAP_NOTE_NO_FACTS = 1u << 17, /* the event has no extension record */
	SCAP_NOTE_ANSWER = 3u << 18, /* one of: */
	SCAP_NOTE_USUAL = 0u << 18, /* answers as the last event of the type had one */
	SCAP_NOTE_NONE = 1u << 18, /* no answer */
	SCAP_NOTE_SAME = 2u << 18, /* one, about the descriptor in a parameter: what was told of it */
	SCAP_NOTE_LATEST = 3u << 18, /* one, about the descriptor in a parameter: the directory that the thread opened last */
	SCAP_NOTE_PARAM = 31u << 20, /* the parameter */
	SCAP_NOTES = 0x01ff0000u,
};
#define SCAP_NOTE_PARAM_SHIFT 20

struct scap_told *scap_told_new(void); /* NULL when memory is short */
void scap_told_free(struct scap_told *t); /* accepts NULL */
void scap_told_forget(struct scap_told *t);

/* Whether ev is an answer about a descriptor, in the form that the memory can hold. */
bool scap_told_holds(const struct event *ev);

/* The writer's side: the note that stands for ev's answer (NULL = it has none), or negative where that must be an event. */
int64_t scap_told_note(const struct scap_told *t, const struct event *ev, const struct event *answer);
/* The reader's side: the answer that the note stands for. 1, 0 = none, or negative. Borrowed until the next call. */
int scap_told_answer(struct scap_told *t, const struct event *ev, uint32_t notes, struct event *ret_answer, struct error *err);

/* The real path of an open, by what is known; empty when nothing follows. Borrowed until the next call. */
struct str scap_told_path(struct scap_told *t, const struct event *ev);

/*
 * What was told: each answer, then behind them the event that it belongs to. asked: the descriptor of its last answer, -1 = it had
 * none; real_path: empty = not told. 0 or -ENOMEM.
 */
int scap_told_add_answer(struct scap_told *t, const struct event *answer);
int scap_told_add(struct scap_told *t, const struct event *ev, struct str real_path, int64_t asked);

#endif
