/* SPDX-License-Identifier: Apache-2.0 */
/* What the state does with each event type: a type without a row changes nothing and costs two look-ups. */
#include "state/internal.h"

#define ON(event, handler) [EV_##event] = handler,

static const state_handler handlers[EV_COUNT] = {
	/* processes */
	ON(SYSCALL_CLONE_20_X, parse_clone)
	ON(SYSCALL_FORK_20_X, parse_clone)
	ON(SYSCALL_VFORK_20_X, parse_clone)
	ON(SYSCALL_CLONE3_X, parse_clone)
	ON(SYSCALL_EXECVE_19_X, parse_execve)
	ON(SYSCALL_EXECVEAT_X, parse_execve)
	ON(PROCEXIT_1_E, parse_procexit)
	ON(SYSCALL_CHDIR_X, parse_chdir)
	ON(SYSCALL_FCHDIR_X, parse_fchdir)
	ON(SYSCALL_GETCWD_X, parse_getcwd)
	ON(SYSCALL_CHROOT_X, parse_chroot)
	ON(SYSCALL_SETSID_X, parse_setsid)
	ON(SYSCALL_SETUID_X, parse_setuid)
	ON(SYSCALL_SETGID_X, parse_setgid)
	ON(SYSCALL_SETREUID_X, parse_setresuid)
	ON(SYSCALL_SETRESUID_X, parse_setresuid)
	ON(SYSCALL_SETREGID_X, parse_setresgid)
	ON(SYSCALL_SETRESGID_X, parse_setresgid)
	ON(SYSCALL_CAPSET_X, parse_capset)
	ON(SYSCALL_UNSHARE_X, parse_unshare)
	ON(SYSCALL_SETNS_X, parse_setns)
	ON(SYSCALL_PRCTL_X, parse_prctl)
	ON(SYSCALL_GETRLIMIT_X, parse_setrlimit)
	ON(SYSCALL_SETRLIMIT_X, parse_setrlimit)
	ON(SYSCALL_PRLIMIT_X, parse_prlimit)
	ON(SYSCALL_BRK_4_X, parse_memory)
	ON(SYSCALL_MMAP_X, parse_memory)
	ON(SYSCALL_MMAP2_X, parse_memory)
	ON(SYSCALL_MUNMAP_X, parse_memory)
	ON(SCHEDSWITCH_6_E, parse_switch)
	ON(PROCINFO_E, parse_procinfo)

	/* descriptors */
	ON(SYSCALL_OPEN_X, parse_open)
	ON(SYSCALL_CREAT_X, parse_open)
	ON(SYSCALL_OPENAT_2_X, parse_open)
	ON(SYSCALL_OPENAT2_X, parse_open)
	ON(SYSCALL_OPEN_BY_HANDLE_AT_X, parse_open)
	ON(SYSCALL_CLOSE_X, parse_close)
	ON(SYSCALL_CLOSE_RANGE_X, parse_close_range)
	ON(SYSCALL_DUP_1_X, parse_dup)
	ON(SYSCALL_DUP2_X, parse_dup)
	ON(SYSCALL_DUP3_X, parse_dup)
	ON(SYSCALL_FCNTL_X, parse_fcntl)
	ON(SYSCALL_PIPE_X, parse_pipe)
	ON(SYSCALL_PIPE2_X, parse_pipe)
	ON(SYSCALL_EVENTFD_X, parse_anonymous)
	ON(SYSCALL_EVENTFD2_X, parse_anonymous)
	ON(SYSCALL_SIGNALFD_X, parse_anonymous)
	ON(SYSCALL_SIGNALFD4_X, parse_anonymous)
	ON(SYSCALL_TIMERFD_CREATE_X, parse_anonymous)
	ON(SYSCALL_INOTIFY_INIT_X, parse_anonymous)
	ON(SYSCALL_INOTIFY_INIT1_X, parse_anonymous)
	ON(SYSCALL_BPF_2_X, parse_anonymous)
	ON(SYSCALL_USERFAULTFD_X, parse_anonymous)
	ON(SYSCALL_IO_URING_SETUP_X, parse_anonymous)
	ON(SYSCALL_EPOLL_CREATE_X, parse_anonymous)
	ON(SYSCALL_EPOLL_CREATE1_X, parse_anonymous)
	ON(SYSCALL_MEMFD_CREATE_X, parse_memfd)
	ON(SYSCALL_PIDFD_OPEN_X, parse_pidfd_open)
	ON(SYSCALL_PIDFD_GETFD_X, parse_pidfd_getfd)

	/* sockets */
	ON(SOCKET_SOCKET_X, parse_socket)
	ON(SOCKET_BIND_X, parse_bind)
	ON(SOCKET_CONNECT_X, parse_connect)
	ON(SOCKET_ACCEPT_5_X, parse_accept)
	ON(SOCKET_ACCEPT4_6_X, parse_accept)
	ON(SOCKET_SOCKETPAIR_X, parse_socketpair)
	ON(SYSCALL_READ_X, parse_recv)
	ON(SYSCALL_READV_X, parse_recv)
	ON(SYSCALL_PREAD_X, parse_recv)
	ON(SYSCALL_PREADV_X, parse_recv)
	ON(SOCKET_RECV_X, parse_recv)
	ON(SOCKET_RECVFROM_X, parse_recv)
	ON(SOCKET_RECVMSG_X, parse_recv)
	ON(SOCKET_RECVMMSG_X, parse_recv)
	ON(SYSCALL_WRITE_X, parse_send)
	ON(SYSCALL_WRITEV_X, parse_send)
	ON(SYSCALL_PWRITE_X, parse_send)
	ON(SYSCALL_PWRITEV_X, parse_send)
	ON(SOCKET_SEND_X, parse_send)
	ON(SOCKET_SENDTO_X, parse_send)
	ON(SOCKET_SENDMSG_X, parse_send)
	ON(SOCKET_SENDMMSG_X, parse_send)

	/* enter events that tell more than, or sooner than, their exit events */
	ON(SYSCALL_OPEN_E, parse_store_enter)
	ON(SYSCALL_CREAT_E, parse_store_enter)
	ON(SYSCALL_OPENAT_2_E, parse_store_enter)
	ON(SYSCALL_OPENAT2_E, parse_store_enter)
	ON(SYSCALL_EXECVE_19_E, parse_store_enter)
	ON(SYSCALL_EXECVEAT_E, parse_store_enter)
	ON(SOCKET_CONNECT_E, parse_store_enter)

	/* metadata */
	ON(USER_ADDED_E, parse_user)
	ON(USER_DELETED_E, parse_user)
	ON(GROUP_ADDED_E, parse_group)
	ON(GROUP_DELETED_E, parse_group)
	ON(CONTAINER_JSON_E, parse_container_json)
	ON(CONTAINER_JSON_2_E, parse_container_json)
	ON(ASYNCEVENT_E, parse_container_async)

	/* answers to needs */
	ON(ITER_TASK_E, parse_iter_task)
	ON(ITER_TASK_FILE_PIPE_E, parse_iter_file)
	ON(ITER_TASK_FILE_MEMFD_E, parse_iter_file)
	ON(ITER_TASK_FILE_REGULAR_E, parse_iter_file)
	ON(ITER_TASK_FILE_DIRECTORY_E, parse_iter_file)
	ON(ITER_TASK_FILE_SOCKET_INET_E, parse_iter_file)
	ON(ITER_TASK_FILE_SOCKET_INET6_E, parse_iter_file)
	ON(ITER_TASK_FILE_SOCKET_UNIX_E, parse_iter_file)
	ON(ITER_TASK_FILE_SOCKET_NETLINK_E, parse_iter_file)
	ON(ITER_TASK_FILE_ANON_INODE_E, parse_iter_file)
};

/*
 * Where types with EF_USES_FD have their descriptor; index + 1, so that 0 means none. Enter events of old
 * captures: first.
 */
#define AT(event, index) [EV_##event] = (index) + 1,

static const int8_t fd_params[EV_COUNT] = {
	AT(SYSCALL_SETNS_X, 1) AT(SOCKET_LISTEN_X, 1) AT(SOCKET_SHUTDOWN_X, 1) AT(SYSCALL_FCHDIR_X, 1)
	AT(SYSCALL_LSEEK_X, 1) AT(SYSCALL_LLSEEK_X, 1) AT(SYSCALL_IOCTL_3_X, 1) AT(SYSCALL_FSTAT_X, 1)
	AT(SYSCALL_CLOSE_X, 1) AT(SYSCALL_GETDENTS_X, 1) AT(SYSCALL_GETDENTS64_X, 1) AT(SYSCALL_FLOCK_X, 1)
	AT(SYSCALL_COPY_FILE_RANGE_X, 1) AT(SYSCALL_FCNTL_X, 1) AT(SYSCALL_DUP_1_X, 1) AT(SYSCALL_DUP2_X, 1)
	AT(SYSCALL_DUP3_X, 1) AT(SYSCALL_NEWFSTATAT_X, 1) AT(SYSCALL_FCHOWNAT_X, 1) AT(SYSCALL_FCHMODAT_X, 1)
	AT(SYSCALL_MKDIRAT_X, 1) AT(SYSCALL_UNLINKAT_2_X, 1) AT(SYSCALL_MKNODAT_X, 1) AT(SOCKET_SENDMMSG_X, 1)
	AT(SOCKET_RECVMMSG_X, 1) AT(SYSCALL_IO_URING_REGISTER_X, 1) AT(SYSCALL_IO_URING_ENTER_X, 1)
	AT(SOCKET_SETSOCKOPT_X, 1) AT(SOCKET_GETSOCKOPT_X, 1) AT(SYSCALL_FSCONFIG_X, 1)
	AT(SYSCALL_FINIT_MODULE_X, 1) AT(SYSCALL_FCHMOD_X, 1) AT(SYSCALL_FCHOWN_X, 1)
	AT(SYSCALL_READ_X, 2) AT(SYSCALL_PREAD_X, 2) AT(SOCKET_BIND_X, 2) AT(SYSCALL_WRITE_X, 2)
	AT(SYSCALL_PWRITE_X, 2) AT(SOCKET_RECV_X, 2) AT(SOCKET_SEND_X, 2) AT(SOCKET_SENDTO_X, 2)
	AT(SOCKET_SENDMSG_X, 2) AT(SYSCALL_SENDFILE_X, 2) AT(SYSCALL_SPLICE_X, 2) AT(SYSCALL_WRITEV_X, 2)
	AT(SYSCALL_PWRITEV_X, 2) AT(SOCKET_CONNECT_X, 2) AT(SYSCALL_SYMLINKAT_X, 2)
	AT(SOCKET_RECVFROM_X, 3) AT(SYSCALL_READV_X, 3) AT(SYSCALL_PREADV_X, 3)
	AT(SOCKET_RECVMSG_X, 5)
	AT(SYSCALL_MMAP_X, 8) AT(SYSCALL_MMAP2_X, 8)
	/* the enter events that have it elsewhere than first */
	AT(SYSCALL_MMAP_E, 4) AT(SYSCALL_MMAP2_E, 4) AT(SYSCALL_SPLICE_E, 1)
};

#define WHOLE_THREAD (ROW_THREAD | ROW_MAKE_UP | ROW_FIND_FD | ROW_TOUCHES)

/* Metadata does nothing to the thread that its header names. Births and deaths tell who they are about. */
static uint16_t thread_bits(uint16_t type, uint32_t flags)
{
	switch (type) {
	case EV_CONTAINER_JSON_2_E:
	case EV_USER_ADDED_E:
	case EV_USER_DELETED_E:
	case EV_GROUP_ADDED_E:
	case EV_GROUP_DELETED_E:
	case EV_PLUGINEVENT_E:
	case EV_ASYNCEVENT_E:
		return ROW_SHOWS;
	case EV_PROCINFO_E:
		return ROW_THREAD | ROW_TOUCHES;
	case EV_SCHEDSWITCH_6_E:
		return ROW_THREAD;
	case EV_SYSCALL_CLONE_20_X:
	case EV_SYSCALL_CLONE3_X:
	case EV_SYSCALL_FORK_20_X:
	case EV_SYSCALL_VFORK_20_X:
	case EV_PROCEXIT_1_E:
		return ROW_THREAD | ROW_FIND_FD | ROW_TOUCHES;
	default:
		return flags & EF_SKIPPARSERESET ? ROW_SHOWS : WHOLE_THREAD;
	}
}

void dispatch_fill(struct row rows[EV_COUNT])
{
	uint16_t type;

	for (type = 0; type < EV_COUNT; type++) {
		const struct event_info *info = event_info(type);
		struct row *row = &rows[type];

		row->handler = handlers[type];
		row->fd_param = -1;
		row->bits = info->category & EC_ITER ? ROW_ANSWER : thread_bits(type, info->flags);
		if (info->flags & (EF_CREATES_FD | EF_USES_FD | EF_DESTROYS_FD))
			row->bits |= ROW_FD_EVENT;
		if (!(info->flags & EF_USES_FD))
			continue;
		row->bits |= ROW_USES_FD;
		if (fd_params[type])
			row->fd_param = (int8_t)(fd_params[type] - 1);
		else if (event_type_is_enter(type))
			row->fd_param = 0;
	}
	for (type = 0; type < EV_COUNT; type++)
		if (!rows[type].handler && !event_type_is_enter(type) &&
		    (rows[type].bits & WHOLE_THREAD) == WHOLE_THREAD)
			rows[type].bits |= ROW_QUIET;
}
