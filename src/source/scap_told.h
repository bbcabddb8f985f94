/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_SOURCE_SCAP_TOLD_H
#define MONITOR_SOURCE_SCAP_TOLD_H

#include "event/event.h"
#include "source/scap.h"

/*
 * What a capture has told so far, and the guess that follows from it for each event: of the answer to its
 * need, and of its facts. Writer and reader keep the same memory, from the same events, so what the reader
 * guesses right is not written. Where the guess is another one, a note in the flags of the event's block says
 * which; and where a note cannot, the answer or the extension record is written as an event of its own before
 * it. A note stands for the next events of its type, and of its thread, too. Fixed size: what is pushed out
 * is told again.
 */
struct scap_told;

/* Notes: bits of an event block's flags that other readers pass over. Part of the format. */
enum {
	SCAP_NOTE_FOLDER = 1u << 3, /* an open's path begins at the directory that the thread opened last */
	/*
	 * with SAME, of what is not known: how its inode differs from the last one of the range; two's
	 * complement
	 */
	SCAP_NOTE_DELTA = 0xfff0u,
	SCAP_NOTE_FORGET = 1u << 16, /* nothing was told before this event */
	SCAP_NOTE_NO_FACTS = 1u << 17, /* the event has no extension record */
	SCAP_NOTE_ANSWER = 3u << 18 | 1u << 25, /* one of: */
	SCAP_NOTE_USUAL = 0u << 18, /* no note: all is as the last note said */
	SCAP_NOTE_NONE = 1u << 18, /* no answer */
	SCAP_NOTE_SAME = 2u << 18, /* one, about the descriptor in a parameter: what was told of it, or of its like */
	/* one, about the descriptor in a parameter: the directory that the thread opened last */
	SCAP_NOTE_LATEST = 3u << 18,
	SCAP_NOTE_SHARED = 2u << 18 | 1u << 25, /* as SAME, but told of whichever thread's descriptor of that number */
	SCAP_NOTE_LIKE = 3u << 18 | 1u << 25, /* as SAME, but nothing is known of it: it is another one than before */
	/* as SAME, but written of another descriptor lately: at the place that the bits of DELTA count */
	SCAP_NOTE_RECENT = 1u << 18 | 1u << 25,
	SCAP_NOTE_PARAM = 31u << 20, /* the parameter */
	SCAP_NOTE_RACED = 3u << 26, /* enum raced of the event's facts */
	SCAP_NOTE_RANGE = 3u << 28, /* numbers of inodes are given out in ranges, one a processor */
	/* with SAME, of what is not known: a socket without another end, whatever the event has */
	SCAP_NOTE_UNCONNECTED = 1u << 30,
	SCAP_NOTES = 0x7ffffff8u,
};
#define SCAP_NOTE_DELTA_SHIFT 4
#define SCAP_NOTE_PARAM_SHIFT 20
#define SCAP_NOTE_RACED_SHIFT 26
#define SCAP_NOTE_RANGE_SHIFT 28

struct scap_told *scap_told_new(void); /* NULL when memory is short */
void scap_told_free(struct scap_told *t); /* accepts NULL */
void scap_told_forget(struct scap_told *t);
/* From nothing, for a capture of this kind: its writer guessed no more than that. SCAP_IMPLIES_TOLD or more. */
void scap_told_start(struct scap_told *t, enum scap_implied kind);

/* Whether ev is an answer about a descriptor, in the form that the memory can hold. */
bool scap_told_holds(const struct event *ev);

/* What a block's flags note of ev: as the flags say, or as usual. */
uint32_t scap_told_note(const struct scap_told *t, const struct event *ev, uint32_t flags);
/* The answer that the note stands for. 1, 0 = none, or negative. Borrowed until the next call. */
int scap_told_answer(struct scap_told *t, const struct event *ev, uint32_t note, struct event *ret_answer,
		     struct error *err);
/* The facts that ev has by the note; false = none. Texts are borrowed until the next event. */
bool scap_told_facts(struct scap_told *t, const struct event *ev, uint32_t note, struct event_ext *ret_ext);

/*
 * The writer's side, before each event. The note that stands for ev's answer (NULL = it has none); true when
 * there is one, false where the answer must be an event.
 */
bool scap_told_find_answer(struct scap_told *t, const struct event *ev, const struct event *answer, uint32_t *note);
/* Adds to the note which facts ev has; false where that must be a record. */
bool scap_told_find_facts(struct scap_told *t, const struct event *ev, uint32_t *note);

/*
 * What was told: each answer, then behind them and scap_told_facts() the event that they belong to. asked:
 * the descriptor of its last answer, -1 = it had none; flags: of its block; written: the answer is an event
 * of the capture. 0 or -ENOMEM.
 */
int scap_told_add_answer(struct scap_told *t, const struct event *answer, bool written);
int scap_told_add(struct scap_told *t, const struct event *ev, int64_t asked, uint32_t flags);

#endif
