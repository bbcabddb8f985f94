/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

int notify_check_sizes(void)
{
	struct seccomp_notif_sizes sizes;

	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0)
		return -errno;
	/* the ioctl numbers carry the sizes that we were built with, and the kernel has kept them so far */
	if (sizes.seccomp_notif != sizeof(struct seccomp_notif) ||
	    sizes.seccomp_notif_resp != sizeof(struct seccomp_notif_resp))
		return -ENOTSUP;
	return 0;
}

/*
 * Signals that are ours (to load again, to open outputs anew) break off waits for the listener's lock, and for a
 * caller who takes a descriptor. Nothing was done then, and he would wait for ever for an answer that was lost.
 */
static int ask(int listener, unsigned long request, const void *argument)
{
	int r;

	do {
		r = ioctl(listener, request, argument);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

bool notify_set_synchronous(int listener, bool synchronous)
{
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, synchronous ? SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0) ==
	       0;
}

int notify_receive(int listener, struct seccomp_notif *ret_notification)
{
	memset(ret_notification, 0, sizeof(*ret_notification)); /* the kernel insists */
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, ret_notification) < 0 ? -errno : 0;
}

bool notify_valid(int listener, uint64_t id)
{
	return ask(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

static int send_response(int listener, const struct seccomp_notif_resp *response)
{
	return ask(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
}

int notify_continue(int listener, uint64_t id)
{
	struct seccomp_notif_resp response = { .id = id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };

	return send_response(listener, &response);
}

int notify_return(int listener, uint64_t id, int64_t value)
{
	struct seccomp_notif_resp response = { .id = id };

	/* restart codes are errors too, although no program sees them */
	if (value < 0 && value >= -4095)
		response.error = (int)value;
	else
		response.val = value;
	return send_response(listener, &response);
}

int notify_inject(int listener, uint64_t id, int fd, bool cloexec, bool finish)
{
	struct seccomp_notif_addfd add = {
		.id = id,
		.flags = finish ? SECCOMP_ADDFD_FLAG_SEND : 0,
		.srcfd = (unsigned int)fd,
		.newfd_flags = cloexec ? O_CLOEXEC : 0,
	};

	return ask(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
}

int notify_hand_over(int listener, uint64_t id, int fd, bool cloexec, bool killable)
{
	int number = notify_inject(listener, id, fd, cloexec, !killable);

	close(fd);
	/* a caller that is killed now has had its descriptor, and who shares the table with it has that still */
	if (number >= 0 && killable)
		notify_return(listener, id, number);
	return number;
}

bool notify_injects(int listener, bool finish)
{
	/* nobody waits with that number: who knows the command looks for him and says so */
	return notify_inject(listener, 0, listener, true, finish) == -ENOENT;
}
