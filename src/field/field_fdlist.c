/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"
#include "field/extract.h"
#include "field/field_fd.h"

/* The descriptors that a poll waits for, as one text with commas. Ends that a descriptor has not are left out. */

static bool add_ip(struct strbuf *out, const struct fd *fd, bool server)
{
	if (fd->type == FD_IPV4_SOCK || fd->type == FD_IPV6_SOCK)
		ip_print(out, server ? &fd->socket.dip : &fd->socket.sip);
	else if (server && (fd->type == FD_IPV4_SERVSOCK || fd->type == FD_IPV6_SERVSOCK))
		ip_print(out, &fd->socket.dip);
	else
		return false;
	return true;
}

static bool add_port(struct strbuf *out, const struct fd *fd, bool server)
{
	if (fd->type != FD_IPV4_SOCK && fd->type != FD_IPV6_SOCK)
		return false;
	strbuf_addu(out, server ? fd->socket.dport : fd->socket.sport);
	return true;
}

/* True when something was added. */
static bool add_item(struct strbuf *out, int what, int64_t number, const struct fd *fd)
{
	switch (what) {
	case FDLIST_NUMBERS:
		strbuf_addi(out, number);
		return true;
	case FDLIST_NAMES:
		strbuf_addstr(out, fd && rstr_str(fd->name).len ? rstr_str(fd->name) : STR("<NA>"));
		return true;
	case FDLIST_CLIENT_IPS:
	case FDLIST_SERVER_IPS:
		return fd && add_ip(out, fd, what == FDLIST_SERVER_IPS);
	default:
		return fd && add_port(out, fd, what == FDLIST_SERVER_PORTS);
	}
}

EXTRACTOR(fdlist)
{
	struct strbuf *out = &ctx->scratch;
	struct reader r;
	unsigned int n;

	if (ctx->ev->type != EV_SYSCALL_POLL_X && ctx->ev->type != EV_SYSCALL_PPOLL_X)
		return ABSENT;
	if (extract_param_unknown(ctx, 1))
		return UNKNOWN;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	/* one after the other they might be more than can be asked for */
	if (f->info->variant != FDLIST_NUMBERS && field_fd_all(ctx) == UNKNOWN)
		return UNKNOWN;
	r = reader_of(event_param(ctx->ev, 1).ptr, event_param(ctx->ev, 1).len);
	n = reader_u16(&r);
	strbuf_reset(out);
	for (unsigned int i = 0; i < n; i++) {
		int64_t number = (int64_t)reader_u64(&r);

		reader_u16(&r); /* the events polled for */
		if (r.failed)
			break;
		if (add_item(out, f->info->variant, number, thread_fd(ctx->subject.thread, number)))
			strbuf_addc(out, ',');
	}
	if (out->len == 0)
		return ABSENT;
	out->len--;
	return extract_scratch(ctx, ret);
}
