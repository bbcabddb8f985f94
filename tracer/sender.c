/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/sender.h"

#include <linux/capability.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/procfs.h"
#include "tracer/status.h"

struct ids {
	uint32_t real, effective, saved;
	bool kills; /* whom it likes, in its user namespace and those below */
	uint64_t users; /* the namespace; 0 = not known */
};

static bool read_ids(pid_t tid, struct ids *ret_ids)
{
	auto_free char *text = NULL;
	uint64_t capabilities;
	struct str users;

	if (status_read(tid, &text) < 0)
		return false;
	users = status_line(text, "Uid");
	if (parse_u32(words_next(&users), &ret_ids->real) < 0 ||
	    parse_u32(words_next(&users), &ret_ids->effective) < 0 ||
	    parse_u32(words_next(&users), &ret_ids->saved) < 0)
		return false;
	ret_ids->kills = parse_hex_u64(status_line(text, "CapEff"), &capabilities) == 0 && capabilities >> CAP_KILL & 1;
	ret_ids->users = procfs_namespace(tid, "ns/user");
	return true;
}

/* As the kernel sees it; root may also be who is told of a file's readiness, whatever its capabilities. */
static bool reaches(const struct ids *from, const struct ids *to)
{
	return from->kills || from->effective == 0 || from->real == to->real || from->real == to->saved ||
	       from->effective == to->real || from->effective == to->saved;
}

enum sender sender_of(pid_t tid)
{
	struct ids own, theirs;

	if (!read_ids(0, &own) || !read_ids(tid, &theirs))
		return SENDER_OTHER;
	if (!reaches(&theirs, &own))
		return SENDER_POWERLESS;
	if (!own.users || own.users != theirs.users || own.real != theirs.real || own.effective != theirs.effective ||
	    (theirs.kills && !own.kills))
		return SENDER_OTHER;
	return own.kills == theirs.kills ? SENDER_ALIKE : SENDER_WEAKER;
}

/* Capabilities are each thread's own. */
static bool set_kill(bool on)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	data[CAP_TO_INDEX(CAP_KILL)].effective &= ~CAP_TO_MASK(CAP_KILL);
	if (on)
		data[CAP_TO_INDEX(CAP_KILL)].effective |= CAP_TO_MASK(CAP_KILL);
	return syscall(SYS_capset, &header, data) == 0;
}

bool sender_assume(enum sender sender)
{
	return sender == SENDER_ALIKE || (sender == SENDER_WEAKER && set_kill(false));
}

void sender_return(enum sender sender)
{
	static const char lost[] = "monitor: cannot come back to its own capabilities\n";

	if (sender != SENDER_WEAKER || set_kill(true))
		return;
	/* a policy that changed: the workload could not be ended, nor its front woken, when that is due */
	if (write(STDERR_FILENO, lost, sizeof(lost) - 1) < 0)
		_exit(70);
	abort();
}
