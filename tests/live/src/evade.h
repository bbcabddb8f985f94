/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_EVADE_H
#define MONITOR_TESTS_EVADE_H

/* Ways of evade to the file path: 0, or -1 with errno; they end the program by 77 where the kernel has no such way. */

/* Prints what an opened file, or -1, holds, and closes it. */
int show(int fd);

/* By the path as it is seen through /proc/self/root, which is not opened in the caller's place. */
int by_root_link(const char *path);

/* Runs it in a child that shares what flags say, and waits for it. */
int in_clone(int (*run)(void *), int flags);
/* For in_clone(): opens shared_path. */
int open_secret(void *unused);
extern const char *shared_path;

/* evade_births.c: by children whose birth is hidden, or is another when somebody looks */
int by_sibling(const char *path);
int by_untraced(const char *path);
int by_untraced_anew(const char *path);
int by_untraced_flip(const char *path);
int by_untraced_sharing(const char *path);
int by_keeping(const char *path);
int by_keeping_anew(const char *path);
int by_keeping_then_fork(const char *path);
int by_keeping_then_anew(const char *path);
int by_thread_keeping(const char *path);
int by_former_threads(const char *path);
int by_former_threads_spawning(const char *path);
int by_interrupted_births(const char *path);
int by_asking(const char *path);
int by_forged_birth(const char *path);

/* evade_abi.c: by other ways into the kernel than its calls */
int by_int80(const char *path);
int by_int80_setuid(const char *path);
int by_vsyscall(const char *path);
int by_x32(const char *path);
int by_negative_number(const char *path);
int by_ring(const char *path);
int by_given_ring(const char *path);
int by_own_tracer(const char *path);

#endif
