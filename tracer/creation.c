/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the making of files in a caller's place hangs on besides its path: its creation mask, and room in its
 * descriptor table.
 */
#include "tracer/creation.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"
#include "tracer/status.h"
#include "tracer/tracee.h"

static int read_mask(pid_t tid, mode_t *ret_mask)
{
	auto_free char *text = NULL;
	struct str value;
	mode_t mask = 0;

	if (status_read(tid, &text) < 0)
		return -ESRCH;
	value = status_line(text, "Umask");
	if (!value.len) /* before Linux 4.7 */
		return -ENOTSUP;
	for (size_t i = 0; i < value.len && value.ptr[i] >= '0' && value.ptr[i] <= '7'; i++)
		mask = mask * 8 + (mode_t)(value.ptr[i] - '0');
	*ret_mask = mask & 0777;
	return 0;
}

int creation_mask(struct tracee *tracee, mode_t *ret_mask)
{
	struct process *process = tracee->process;
	struct program *program = &process->program;
	int r;

	if (program->mask_known && !process->fs_apart) {
		*ret_mask = program->mask;
		return 0;
	}
	r = read_mask(tracee->tid, ret_mask);
	/* who is not ours by ptrace, or was not from the beginning, can execute or share unseen */
	if (r == 0 && tracee->seized && !process->other_ids && !program->mask_moves) {
		program->mask = (uint16_t)*ret_mask;
		program->mask_known = true;
	}
	return r;
}

void creation_mask_moves(struct process *process)
{
	process->program.mask_known = false;
	process->program.mask_moves = true;
}

/* Whether the last number that a process may have is free: -errno where that cannot be known. */
static int last_is_free(pid_t pid, uint64_t *ret_limit)
{
	char path[64];
	struct stat st;
	int r = procfs_read_fdlimit(pid, ret_limit);

	if (r < 0)
		return r;
	if (*ret_limit == 0)
		return 0;
	/* a descriptor is equal to itself, if there is one */
	if (syscall(SYS_kcmp, pid, pid, KCMP_FILE, *ret_limit - 1, *ret_limit - 1) >= 0)
		return 0;
	if (errno == EBADF)
		return 1;
	/* comparing is refused */
	snprintf(path, sizeof(path), "%d/fd/%llu", pid, (unsigned long long)*ret_limit - 1);
	r = SIGHT(path, fstatat(procfs_folder(), path, &st, AT_SYMLINK_NOFOLLOW));
	return r == 0 ? 0 : errno == ENOENT ? 1 : -errno;
}

bool creation_may_be_full(pid_t pid)
{
	uint64_t limit;

	return last_is_free(pid, &limit) == 0;
}

bool creation_has_room(pid_t pid)
{
	auto_free char *text = NULL;
	uint64_t limit, size;
	int r = last_is_free(pid, &limit);

	if (r >= 0)
		return r;
	/* the size of its table tells, coarsely */
	return status_read(pid, &text) == 0 && parse_u64(status_line(text, "FDSize"), &size) == 0 &&
	       size < limit;
}
