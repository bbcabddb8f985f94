/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_write_meta.h"

#include <errno.h>

#include "base/limits.h"
#include "source/scap_meta.h"
#include "source/scap_origin.h"

#define BLOCK_FDS	 0x218 /* version 2 */
#define BLOCK_INTERFACES 0x219 /* version 2 */
#define BLOCK_USERS	 0x220 /* version 2 */
#define BLOCK_MAX	 (SCAP_BLOCK_BYTES / 2) /* a fuller body is a second block of its kind */

/* ---- parts ---- */

static void put_u8(struct strbuf *b, uint8_t v)
{
	strbuf_add(b, &v, sizeof(v));
}

static void put_u16(struct strbuf *b, uint16_t v)
{
	strbuf_add(b, &v, sizeof(v));
}

static void put_u32(struct strbuf *b, uint32_t v)
{
	strbuf_add(b, &v, sizeof(v));
}

static void put_u64(struct strbuf *b, uint64_t v)
{
	strbuf_add(b, &v, sizeof(v));
}

static void put_text(struct strbuf *b, struct str s, size_t max)
{
	if (s.len > max)
		s.len = max;
	put_u16(b, (uint16_t)s.len);
	strbuf_addstr(b, s);
}

/* The length of an entry or block stands before it; it is filled in at the end. */
static void set_u32(struct strbuf *b, size_t at, uint32_t v)
{
	if (!b->failed)
		memcpy(b->ptr + at, &v, sizeof(v));
}

/* Entries of a block tell how long they are, all but those of interfaces with the length itself. */
static size_t begin_entry(struct strbuf *b)
{
	size_t at = b->len;

	put_u32(b, 0);
	return at;
}

static int end_entry(struct strbuf *b, size_t at)
{
	set_u32(b, at, (uint32_t)(b->len - at));
	return b->failed ? -ENOMEM : 0;
}

static void add_block(struct strbuf *out, uint32_t type, struct str body)
{
	uint32_t padding = (uint32_t)(-body.len & 3), total = (uint32_t)body.len + padding + 12;

	put_u32(out, type);
	put_u32(out, total);
	strbuf_addstr(out, body);
	strbuf_add(out, "\0\0\0", padding);
	put_u32(out, total);
}

/* ---- what is received ---- */

static void take_machine(void *context, const struct machine_record *r)
{
	struct scap_write_meta *m = context;
	struct strbuf *b = &m->machine;

	strbuf_reset(b);
	put_u32(b, r->cpus);
	put_u64(b, r->memory_bytes);
	put_u64(b, r->max_pid);
	strbuf_add(b, r->hostname, sizeof(r->hostname) - 1);
	put_u64(b, r->boot_ts_ns);
	put_u64(b, 0); /* flags */
	put_u64(b, 0); /* reserved */
	put_u64(b, 0);
}

static int take_interface(void *context, const struct interface_record *r)
{
	struct scap_write_meta *m = context;
	struct strbuf *b = &m->interfaces;
	size_t at = b->len, bytes = r->v6 ? 16 : 4,
	       name = r->name.len < SCAP_NAME_BYTES ? r->name.len : SCAP_NAME_BYTES;
	static const uint8_t none[16];

	put_u32(b, 0);
	/* the kinds with a link speed: sysdig damages the others when it writes a capture anew */
	put_u16(b, r->v6 ? 2 : 1);
	put_u16(b, (uint16_t)name);
	strbuf_add(b, r->address, bytes);
	strbuf_add(b, r->netmask, bytes);
	strbuf_add(b, none, bytes); /* broadcast */
	put_u64(b, 0); /* link speed: not known */
	strbuf_add(b, r->name.ptr, name);
	set_u32(b, at, (uint32_t)(b->len - at - 4));
	return b->failed ? -ENOMEM : 0;
}

static int take_user(void *context, uint32_t uid, uint32_t gid, struct str name, struct str home, struct str shell)
{
	struct scap_write_meta *m = context;
	struct strbuf *b = &m->users;
	size_t at = begin_entry(b);

	put_u8(b, 0);
	put_u32(b, uid);
	put_u32(b, gid);
	put_text(b, name, SCAP_NAME_BYTES);
	put_text(b, home, SCAP_NAME_BYTES);
	put_text(b, shell, SCAP_NAME_BYTES);
	return end_entry(b, at);
}

static int take_group(void *context, uint32_t gid, struct str name)
{
	struct scap_write_meta *m = context;
	struct strbuf *b = &m->users;
	size_t at = begin_entry(b);

	put_u8(b, 1);
	put_u32(b, gid);
	put_text(b, name, SCAP_NAME_BYTES);
	return end_entry(b, at);
}

static void put_process_tail(struct strbuf *b, const struct process_record *p)
{
	put_u64(b, p->pidns_init_start_ts);
	put_u32(b, p->tty);
	put_u32(b, p->has_loginuid ? p->loginuid : UINT32_MAX);
	put_u8(b, p->exe_writable);
	put_u64(b, p->cap_inheritable);
	put_u64(b, p->cap_permitted);
	put_u64(b, p->cap_effective);
	put_u8(b, p->exe_upper_layer);
	put_u64(b, p->exe_ino);
	put_u64(b, p->exe_ino_ctime);
	put_u64(b, p->exe_ino_mtime);
	put_u8(b, p->exe_from_memfd);
	put_u8(b, p->exe_lower_layer);
	put_u64(b, (uint64_t)p->pgid);
}

static int take_process(void *context, const struct process_record *p)
{
	struct scap_write_meta *m = context;
	struct strbuf *b = &m->processes;
	size_t at;

	if (b->len > BLOCK_MAX)
		return 0; /* more threads than one block can tell */
	at = begin_entry(b);
	put_u64(b, (uint64_t)p->tid);
	put_u64(b, (uint64_t)p->pid);
	put_u64(b, (uint64_t)p->ptid);
	put_u64(b, (uint64_t)p->sid);
	put_u64(b, (uint64_t)p->vpgid);
	put_text(b, p->comm, SCAP_PATH_BYTES);
	put_text(b, p->exe, SCAP_PATH_BYTES);
	put_text(b, p->exepath, SCAP_PATH_BYTES);
	put_text(b, p->args, EVENT_STRING_BYTES);
	put_text(b, p->cwd, SCAP_PATH_BYTES);
	put_u64(b, (uint64_t)p->fdlimit);
	put_u32(b, p->flags);
	put_u32(b, p->uid);
	put_u32(b, p->gid);
	put_u32(b, p->vm_size_kb);
	put_u32(b, p->vm_rss_kb);
	put_u32(b, p->vm_swap_kb);
	put_u64(b, p->pfmajor);
	put_u64(b, p->pfminor);
	put_text(b, p->env, EVENT_STRING_BYTES);
	put_u64(b, (uint64_t)p->vtid);
	put_u64(b, (uint64_t)p->vpid);
	put_text(b, p->cgroups, EVENT_STRING_BYTES);
	put_text(b, p->root, SCAP_PATH_BYTES);
	put_process_tail(b, p);
	return end_entry(b, at);
}

/* ---- descriptors: a block a thread ---- */

static void end_fds(struct scap_write_meta *m)
{
	struct strbuf *b = &m->fds;
	uint32_t padding, total;

	if (!m->has_fds)
		return;
	m->has_fds = false;
	padding = (uint32_t)(-(b->len - m->fds_block) & 3);
	total = (uint32_t)(b->len - m->fds_block) + padding + 4;
	strbuf_add(b, "\0\0\0", padding);
	put_u32(b, total);
	set_u32(b, m->fds_block + 4, total);
}

static void put_socket(struct strbuf *b, const struct fd_record *fd, size_t bytes, bool server)
{
	if (!server)
		strbuf_add(b, fd->sip, bytes);
	strbuf_add(b, fd->dip, bytes);
	if (!server)
		put_u16(b, fd->sport);
	put_u16(b, fd->dport);
	put_u8(b, fd->l4);
}

static int receive_fd(void *context, int64_t tid, const struct fd_record *fd)
{
	struct scap_write_meta *m = context;
	struct strbuf *b = &m->fds;
	size_t at;

	if (m->has_fds && (m->fds_tid != tid || b->len - m->fds_block > BLOCK_MAX))
		end_fds(m);
	if (!m->has_fds) {
		m->has_fds = true;
		m->fds_tid = tid;
		m->fds_block = b->len;
		put_u32(b, BLOCK_FDS);
		put_u32(b, 0);
		put_u64(b, (uint64_t)tid);
	}
	at = begin_entry(b);
	put_u64(b, (uint64_t)fd->number);
	put_u64(b, fd->ino);
	put_u8(b, fd->type);
	switch (fd->type) {
	case SCAP_FD_IPV4:
	case SCAP_FD_IPV4_SERVER:
		put_socket(b, fd, 4, fd->type == SCAP_FD_IPV4_SERVER);
		break;
	case SCAP_FD_IPV6:
	case SCAP_FD_IPV6_SERVER:
		put_socket(b, fd, 16, fd->type == SCAP_FD_IPV6_SERVER);
		break;
	case SCAP_FD_UNIX:
		put_u64(b, fd->unix_source);
		put_u64(b, fd->unix_destination);
		put_text(b, fd->name, SCAP_PATH_BYTES);
		break;
	case SCAP_FD_REGULAR:
		put_u32(b, fd->open_flags);
		put_text(b, fd->name, SCAP_PATH_BYTES);
		put_u32(b, fd->dev);
		break;
	default:
		put_text(b, fd->name, SCAP_PATH_BYTES);
	}
	return end_entry(b, at);
}

void scap_write_meta_receive(struct scap_write_meta *m, struct scap_receiver *ret_receiver)
{
	*ret_receiver = (struct scap_receiver){
		.context = m,
		.machine = take_machine,
		.process = take_process,
		.fd = receive_fd,
		.user = take_user,
		.group = take_group,
		.interface = take_interface,
	};
}

/* ---- the start of the file ---- */

#define SECTION_MAGIC 0x1a2b3c4d

/* An option of pcapng's section header, which readers of captures pass over: who wrote it, and under which promises. */
static void add_section(struct strbuf *out, const struct scap_origin *origin)
{
	auto_strbuf struct strbuf body = { 0 }, text = { 0 };

	put_u32(&body, SECTION_MAGIC);
	put_u16(&body, 1);
	put_u16(&body, 2);
	put_u64(&body, UINT64_MAX); /* the section's length is not known */
	scap_origin_print(&text, origin);
	put_u16(&body, SCAP_OPTION_APPLICATION);
	put_text(&body, strbuf_str(&text), SCAP_NAME_BYTES);
	strbuf_add(&body, "\0\0\0", -body.len & 3);
	put_u32(&body, 0); /* end of options */
	out->failed |= body.failed | text.failed;
	add_block(out, SCAP_SECTION, strbuf_str(&body));
}

int scap_write_meta_finish(struct scap_write_meta *m, const struct scap_origin *origin, struct strbuf *out)
{
	const struct {
		uint32_t type;
		const struct strbuf *body;
	} blocks[] = {
		{ SCAP_MACHINE, &m->machine },
		{ BLOCK_INTERFACES, &m->interfaces },
		{ BLOCK_USERS, &m->users },
		{ SCAP_PROCESSES, &m->processes },
	};

	add_section(out, origin);
	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		out->failed |= blocks[i].body->failed;
		if (blocks[i].body->len)
			add_block(out, blocks[i].type, strbuf_str(blocks[i].body));
	}
	end_fds(m);
	out->failed |= m->fds.failed;
	strbuf_addstr(out, strbuf_str(&m->fds));
	return out->failed ? -ENOMEM : 0;
}

void scap_write_meta_free(struct scap_write_meta *m)
{
	strbuf_free(&m->machine);
	strbuf_free(&m->interfaces);
	strbuf_free(&m->users);
	strbuf_free(&m->processes);
	strbuf_free(&m->fds);
}
