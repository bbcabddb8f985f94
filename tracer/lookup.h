/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_LOOKUP_H
#define MONITOR_TRACER_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct slow;
struct tracer;

/* Paths of callers, looked up by us: what opens and calls about names have in common. */

/* Who looks something up, for whom. */
struct lookup {
	struct slow *slow;
	pid_t tid;
	bool waits; /* the path leads, or may lead, to where looking may take for ever */
	bool quick; /* only what the kernel finds without waiting for anybody … */
	bool unknown; /* … and that was not enough */
};

/* The list of our mounts is another. */
void lookup_mounts_changed(struct tracer *t);
/* Where calls come without a wait between them: it may be another. */
void lookup_mounts(struct tracer *t);
/* openat2(): a descriptor or negative errno. */
int lookup_open(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
/*
 * The caller's directory for a relative name; AT_FDCWD of ours for absolute ones. Negative otherwise: not to
 * be had, or the path leads to where looking may take for ever. makes: the call may make what is not there.
 */
int lookup_base(struct lookup *l, const char *name, int dirfd, bool makes);
/* The file that the caller has open as fd, without the right to read it (O_PATH). Negative as above. */
int lookup_descriptor(struct lookup *l, int fd);
/*
 * The real path of a file that is open, by the link in /proc that leads to it, is t->ext's: also one that rules know it
 * by, as tid resolves that.
 */
void lookup_real_path(struct tracer *t, pid_t tid, const char *link);
/* File systems whose files behave the same for whoever opened them, and that answer at once. */
bool lookup_is_ordinary(const struct lookup *l, int fd);
/* Below /proc the same name is another thing for the caller than for us. */
bool lookup_mentions_proc(const char *path);

#endif
