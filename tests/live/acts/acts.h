/* SPDX-License-Identifier: Apache-2.0 */
/* What the acts share: each says what the calls gave that it made, a line a call, the same at each run. */
#ifndef ACTS_H
#define ACTS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct act {
	const char *name;
	void (*run)(void);
};

/* A row for each file of acts; the last has no name. */
extern const struct act acts_opens[], acts_files[], acts_watches[], acts_signals[], acts_timers[], acts_processes[],
	acts_programs[], acts_sockets[], acts_addresses[], acts_memory[], acts_sharing[], acts_tracing[], acts_self[],
	acts_spaces[], acts_waits[];

/* "CALL = RESULT", with the name of its errno where it failed. The text is the call itself. */
#define TRY(call) say_result(#call, (long)(call))
/* The same for what gives a number of no meaning, such as a process id: that it went well. */
#define DID(call) say_result(#call, (call) == -1 ? -1 : 0)

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
long say_result(const char *call, long result);
void say_status(const char *who, int status);
/* What a file holds, control characters as dots. */
void say_file(const char *path);

/* True in a child. False in its parent, when the child has ended and its end been told. */
bool in_child(void);
/* In a child: for the parent to wait for by hand, with ended(), which takes -1 for any. */
pid_t started(void);
void ended(pid_t pid);

void put(const char *path, const char *text);
void pause_for(int milliseconds);
void handle(int number, void (*handler)(int), int flags);
/* Gives up root; goes on as it is where there is no right to. */
void as_nobody(void);
/* Room of a page whose next page is not there; of the length at its end. */
char *before_gap(size_t length);

#endif
