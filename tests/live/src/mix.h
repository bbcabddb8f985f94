/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of mix share: see mix.c. */
#ifndef MONITOR_TESTS_MIX_H
#define MONITOR_TESTS_MIX_H

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a)        (sizeof(a) / sizeof((a)[0]))
#define PICK(type, ...) ((type[]){ __VA_ARGS__ }[below(COUNT(((type[]){ __VA_ARGS__ })))])
#define WORD(x)         ((long)(uintptr_t)(x))

enum {
	ACTORS = 4,
	NOBODY = -1, /* whose turn it is when somebody has ended */
	FIRST = 3, /* descriptors that calls are made with */
	LAST = 24,
	SHARED = 200, /* the memory that all share, by which a new program finds it */
	SELF = 201, /* this program */
	HOME = 202, /* the folder */
	MOST = 64 << 10,
	LOG = 8 << 20,
	STACK = 256 << 10,
	GIVE_UP_SECONDS = 60,
};

extern struct shared {
	int turn; /* whose it is */
	uint64_t seed;
	long count, calls;
	long reap; /* process that the one whose turn it is waits for, */
	int reap_of; /* whose it was */
	int end; /* the one whose turn it is ends */
	int groups;
	struct actor {
		bool alive, dying, spaces;
		bool mapped; /* in a user namespace, where numbers of users are others */
		int tid, pid, group, parent;
		int handled;
	} actors[ACTORS];
	size_t len;
	char home[4096], log[LOG];
} *all;

#define RAW6(nr, a, b, c, d, e, f, ...) raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define RAW(...)                        RAW6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* A system call, without errno, which threads share here. */
long raw(long nr, long a, long b, long c, long d, long e, long f);

uint32_t below(uint32_t n);
bool one_in(uint32_t n);

/* A call with its result, and the same call in the log. */
#define CALL(name, format, ...)      CALL_(SYS_##name, #name, format, __VA_ARGS__)
#define CALL_(nr, name, format, ...) made(name, format, (long[]){ nr, __VA_ARGS__, 0, 0, 0, 0, 0 })

long made(const char *name, const char *format, const long *c);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
void show_descriptor(int fd);
void opened(long fd);

/* mix_acts.c: calls, and what they are made with */
int descriptor(void);
int folder(void);
int open_flags(void);
const char *name(void);
const char *path(void);
char *absolute(char *b, const char *prefix, const char *rest);
void act_open(void);
void act_name(void);
void act_old_name(void);
void act_mode(void);
void act_descriptor(void);
void act_new_descriptor(void);
void act_bytes(void);
void act_folder(void);
void act_user(void);
void act_spaces(void);
void act_unshare(void);
void act_limit(void);
void act_list(void);
void act_socket(void);
void act_travel(void);
void act_wait(void);

/* mix_others.c: who makes them: births, ends, programs */
void act_birth(void);
void act_end(void);
void act_look(void);
void act_execute(void);
void act_spawn(void);
void counted(int number);
void end_process(int status);
int alive(void);

/* mix.c */
struct actor *me(void);
void give_turn(int to);
int live_on(void *slot);
char *stack_of(int slot);

#endif
