/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/sight.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/status.h"

/*
 * Bare system calls, which change the calling thread alone, and of it only the ids that files are looked at with: real
 * and saved ones stay, so that others' rights over us are what they were.
 */

/* The id that a line of status has three times: real, effective and saved. */
static bool parse_ids(struct str line, uint32_t *ret_id)
{
	uint32_t ids[3];

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (parse_u32(words_next(&line), &ids[i]) < 0)
			return false;
	*ret_id = ids[0];
	return ids[0] == ids[1] && ids[0] == ids[2];
}

/* The kernel lets look only who has all its ids. */
static bool find_ids(const char *path, uid_t *ret_uid, gid_t *ret_gid)
{
	auto_free char *text = NULL;
	int tid;

	return parse_int((struct str){ path, strcspn(path, "/") }, &tid) == 0 && tid > 0 && status_read(tid, &text) == 0 && parse_ids(status_line(text, "Uid"), ret_uid) &&
	       parse_ids(status_line(text, "Gid"), ret_gid);
}

/* They tell no failure, but the id before. */
static bool set_ids(uid_t uid, gid_t gid)
{
	syscall(SYS_setfsgid, gid);
	syscall(SYS_setfsuid, uid);
	return (gid_t)syscall(SYS_setfsgid, -1) == gid && (uid_t)syscall(SYS_setfsuid, -1) == uid;
}

bool sight_take(const char *path, struct sight *ret_sight)
{
	int error = errno;
	bool taken = false;
	uid_t uid;
	gid_t gid;

	if ((error != EACCES && error != EPERM) || geteuid() != 0 || !find_ids(path, &uid, &gid)) {
		errno = error;
		return false;
	}
	*ret_sight = (struct sight){ .uid = (uid_t)syscall(SYS_setfsuid, -1),
				     .gid = (gid_t)syscall(SYS_setfsgid, -1),
				     .dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) };
	if (uid != ret_sight->uid || gid != ret_sight->gid) {
		taken = set_ids(uid, gid);
		if (!taken)
			sight_return(ret_sight);
	}
	errno = error;
	return taken;
}

void sight_return(const struct sight *sight)
{
	static const char lost[] = "monitor: cannot come back to its own ids\n";
	int error = errno;

	/* the change of ids has set it to fs.suid_dumpable */
	if (set_ids(sight->uid, sight->gid) && prctl(PR_SET_DUMPABLE, sight->dumpable == 1, 0, 0, 0) == 0) {
		errno = error;
		return;
	}
	if (write(STDERR_FILENO, lost, sizeof(lost) - 1) < 0)
		_exit(70);
	abort();
}
