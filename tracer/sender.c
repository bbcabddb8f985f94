/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/sender.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/status.h"

struct ids {
	uint32_t real, effective, saved;
	bool kills; /* whom it likes, in its user namespace and those below */
	ino_t users; /* the namespace; 0 = not known */
};

static bool read_ids(pid_t tid, struct ids *ret_ids)
{
	auto_free char *text = NULL;
	struct str users;
	struct stat st;
	char path[32] = "/proc/self/ns/user";

	if (status_read(tid, &text) < 0)
		return false;
	users = status_line(text, "Uid");
	if (parse_u32(words_next(&users), &ret_ids->real) < 0 ||
	    parse_u32(words_next(&users), &ret_ids->effective) < 0 ||
	    parse_u32(words_next(&users), &ret_ids->saved) < 0)
		return false;
	ret_ids->kills = strtoull(status_line(text, "CapEff").ptr, NULL, 16) >> CAP_KILL & 1;
	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/ns/user", tid);
	ret_ids->users = stat(path, &st) < 0 ? 0 : st.st_ino;
	return true;
}

/* As the kernel sees it; root may also be who is told of a file's readiness, whatever its capabilities. */
static bool reaches(const struct ids *from, const struct ids *to)
{
	return from->kills || from->real == 0 || from->effective == 0 || from->real == to->real ||
	       from->real == to->saved || from->effective == to->real || from->effective == to->saved;
}

enum sender sender_of(pid_t tid)
{
	struct ids own, theirs;

	if (!read_ids(0, &own) || !read_ids(tid, &theirs))
		return SENDER_OTHER;
	if (!reaches(&theirs, &own))
		return SENDER_POWERLESS;
	return own.users && own.users == theirs.users && own.real == theirs.real && own.effective == theirs.effective &&
			       own.kills == theirs.kills ?
		       SENDER_ALIKE :
		       SENDER_OTHER;
}
