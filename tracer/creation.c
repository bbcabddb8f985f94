/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the making of files in a caller's place hangs on besides its path: its creation mask, and room in its
 * descriptor table.
 */
#include "tracer/supervisor.h"

#include <linux/kcmp.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"

#define STATUS_MAX 65536

/* The text behind "KEY:\t" in a task's status; NULL when it is gone, or older than the key. */
static char *read_status(pid_t tid, const char *key, const char **ret_value)
{
	char path[64], line[32];
	char *text = NULL;
	const char *at;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	snprintf(line, sizeof(line), "\n%s:\t", key);
	if (file_read_all(path, STATUS_MAX, &text, &len, NULL) < 0)
		return NULL;
	at = strstr(text, line);
	if (!at) {
		free(text);
		return NULL;
	}
	*ret_value = at + strlen(line);
	return text;
}

static int read_mask(pid_t tid, mode_t *ret_mask)
{
	const char *at = "";
	auto_free char *text = read_status(tid, "Umask", &at);
	uint64_t mask = 0;

	if (!text)
		return -ESRCH;
	for (; *at >= '0' && *at <= '7'; at++)
		mask = mask * 8 + (uint64_t)(*at - '0');
	*ret_mask = (mode_t)mask & 0777;
	return 0;
}

int creation_mask(struct tracee *tracee, mode_t *ret_mask)
{
	struct process *process = tracee->process;
	int r;

	if (process->mask_known && !process->mask_apart) {
		*ret_mask = process->mask;
		return 0;
	}
	r = read_mask(tracee->tid, ret_mask);
	/* who is not ours by ptrace, or was not from the beginning, can execute or share unseen */
	if (r == 0 && tracee->seized && !process->other_ids && !process->mask_moves) {
		process->mask = (uint16_t)*ret_mask;
		process->mask_known = true;
	}
	return r;
}

void creation_mask_moves(struct process *process)
{
	process->mask_known = false;
	process->mask_moves = true;
}

/* Whether the last number that a process may have is free: -errno where that cannot be known. */
static int last_is_free(pid_t pid, struct rlimit *ret_limit)
{
	char path[64];
	struct stat st;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, ret_limit) < 0)
		return -errno;
	if (ret_limit->rlim_cur == 0)
		return 0;
	/* a descriptor is equal to itself, if there is one */
	if (syscall(SYS_kcmp, pid, pid, KCMP_FILE, ret_limit->rlim_cur - 1, ret_limit->rlim_cur - 1) >= 0)
		return 0;
	if (errno == EBADF)
		return 1;
	/* comparing is refused */
	snprintf(path, sizeof(path), "/proc/%d/fd/%llu", pid, (unsigned long long)ret_limit->rlim_cur - 1);
	return lstat(path, &st) == 0 ? 0 : errno == ENOENT ? 1 : -errno;
}

bool creation_may_be_full(pid_t pid)
{
	struct rlimit limit;

	return last_is_free(pid, &limit) == 0;
}

bool creation_has_room(pid_t pid)
{
	auto_free char *text = NULL;
	const char *at = "";
	struct rlimit limit;
	uint64_t size;
	int r = last_is_free(pid, &limit);

	if (r >= 0)
		return r;
	/* the size of its table tells, coarsely */
	text = read_status(pid, "FDSize", &at);
	return text && parse_u64((struct str){ at, strcspn(at, "\n") }, &size) == 0 && size < limit.rlim_cur;
}
