/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_PPM_H
#define MONITOR_STATE_PPM_H

/* Falco's encoding of the constants that the state looks at; flags.def has their names. */
enum {
	PPM_O_DIRECTORY = 1 << 10,
	PPM_O_CLOEXEC = 1 << 12,
	PPM_O_F_CREATED = 1 << 14, /* and all above: added at the call's exit */
	PPM_FD_UPPER_LAYER = 1 << 15,
	PPM_FD_LOWER_LAYER = 1 << 16,

	PPM_CREAT_UPPER_LAYER = 1 << 0,
	PPM_CREAT_LOWER_LAYER = 1 << 1,

	PPM_EPOLL_CLOEXEC = 1 << 0,
	PPM_MFD_CLOEXEC = 1 << 0,

	PPM_FCNTL_F_DUPFD = 1,
	PPM_FCNTL_F_SETFD = 3,
	PPM_FCNTL_F_DUPFD_CLOEXEC = 26,
	FCNTL_FD_CLOEXEC = 1, /* the argument of F_SETFD, as the kernel has it */

	PPM_CLOSE_RANGE_CLOEXEC = 1 << 2,

	PPM_EXE_WRITABLE = 1 << 0,
	PPM_EXE_UPPER_LAYER = 1 << 1,
	PPM_EXE_FROM_MEMFD = 1 << 2,
	PPM_EXE_LOWER_LAYER = 1 << 3,

	PPM_EXVAT_AT_EMPTY_PATH = 1 << 0,

	PPM_RLIMIT_NOFILE = 7,

	PPM_PR_SET_CHILD_SUBREAPER = 36,
	PPM_PR_GET_CHILD_SUBREAPER = 37,
};

#endif
