/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_meta.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/limits.h"

/* What is being read: the error is made once, at the end, with the place where the bytes ran out. */
struct body {
	struct reader r;
	const uint8_t *start;
	uint64_t at; /* of start in the file */
	const struct scap_receiver *to;
	struct error *err;
	bool too_long; /* a text above its limit */
};

static int fault(const struct body *b, const struct reader *r, const char *what)
{
	unsigned long long at = b->at + (uint64_t)(r->ptr - b->start);

	if (b->too_long)
		return error_set(b->err, -EBADMSG, "offset %llu: %s has a text longer than this format allows", at,
				 what);
	return error_set(b->err, -EBADMSG, "offset %llu: %s is cut: %zu more bytes are not enough", at, what, r->len);
}

static struct str read_text(struct body *b, struct reader *r, size_t max)
{
	size_t len = reader_u16(r);

	if (len > max) {
		b->too_long = true;
		r->failed = true;
		return STR("");
	}
	return reader_str(r, len);
}

/* The bytes of one entry: those that its length says, or (old versions) all that are left. */
static struct reader read_entry(struct body *b, bool has_length, bool counts_itself)
{
	struct str bytes;
	size_t len;

	if (!has_length)
		return b->r;
	len = reader_u32(&b->r);
	if (counts_itself && len < sizeof(uint32_t))
		b->r.failed = true;
	else if (counts_itself)
		len -= sizeof(uint32_t);
	bytes = reader_str(&b->r, len);
	if (b->r.failed)
		return (struct reader){ b->r.ptr, 0, true };
	return reader_of(bytes.ptr, bytes.len);
}

/* After an entry without a length the body goes on where the entry's reader stands. */
static void end_entry(struct body *b, const struct reader *entry, bool has_length)
{
	if (!has_length)
		b->r = *entry;
}

/* ---- machine ---- */

static int read_machine(struct body *b)
{
	struct machine_record m = { 0 };
	struct str hostname;

	m.cpus = reader_u32(&b->r);
	m.memory_bytes = reader_u64(&b->r);
	m.max_pid = reader_u64(&b->r);
	hostname = reader_str(&b->r, sizeof(m.hostname) - 1);
	m.boot_ts_ns = reader_u64(&b->r);
	if (b->r.failed)
		return fault(b, &b->r, "machine information");
	memcpy(m.hostname, hostname.ptr, hostname.len);
	if (b->to->machine)
		b->to->machine(b->to->context, &m);
	return 0;
}

/* ---- processes ---- */

/* 0 when the entry ends before it; what is behind it may still have room. */
static uint64_t tail_u64(struct reader *r)
{
	return r->len >= sizeof(uint64_t) ? reader_u64(r) : 0;
}

static uint8_t tail_u8(struct reader *r)
{
	return r->len ? reader_u8(r) : 0;
}

/* The part that has grown: each field is there if the entry has room for it. */
static void read_process_tail(struct reader *r, struct process_record *p)
{
	/* writers before these two fields end with 4 + 1 + 3 * 8 bytes here */
	if (r->len > 29) {
		p->pidns_init_start_ts = reader_u64(r);
		p->tty = reader_u32(r);
		p->has_tty = true;
	}
	if (r->len >= sizeof(uint32_t)) {
		p->loginuid = reader_u32(r);
		p->has_loginuid = true;
	}
	p->exe_writable = tail_u8(r);
	p->has_caps = r->len >= sizeof(uint64_t);
	p->cap_inheritable = tail_u64(r);
	p->cap_permitted = tail_u64(r);
	p->cap_effective = tail_u64(r);
	p->exe_upper_layer = tail_u8(r);
	p->exe_ino = tail_u64(r);
	p->exe_ino_ctime = tail_u64(r);
	p->exe_ino_mtime = tail_u64(r);
	p->exe_from_memfd = tail_u8(r);
	p->exe_lower_layer = tail_u8(r);
	if (r->len >= sizeof(uint64_t))
		p->pgid = (int64_t)reader_u64(r);
}

static void read_process(struct body *b, struct reader *r, unsigned int version, struct process_record *p)
{
	*p = (struct process_record){
		.sid = -1, .vpgid = -1, .pgid = -1, .vtid = -1, .vpid = -1, .loginuid = UINT32_MAX
	};
	p->env = p->cgroups = p->root = p->exepath = STR("");

	p->tid = (int64_t)reader_u64(r);
	p->pid = (int64_t)reader_u64(r);
	p->ptid = (int64_t)reader_u64(r);
	if (version >= 6)
		p->sid = (int64_t)reader_u64(r);
	if (version >= 8)
		p->vpgid = (int64_t)reader_u64(r);
	p->comm = read_text(b, r, SCAP_PATH_BYTES);
	p->exe = read_text(b, r, SCAP_PATH_BYTES);
	if (version >= 7)
		p->exepath = read_text(b, r, SCAP_PATH_BYTES);
	p->args = read_text(b, r, EVENT_STRING_BYTES);
	p->cwd = read_text(b, r, SCAP_PATH_BYTES);
	p->fdlimit = (int64_t)reader_u64(r);
	p->flags = reader_u32(r);
	p->uid = reader_u32(r);
	p->gid = reader_u32(r);
	if (version >= 2) {
		p->vm_size_kb = reader_u32(r);
		p->vm_rss_kb = reader_u32(r);
		p->vm_swap_kb = reader_u32(r);
		p->pfmajor = reader_u64(r);
		p->pfminor = reader_u64(r);
	}
	if (version >= 3)
		p->env = read_text(b, r, EVENT_STRING_BYTES);
	if (version >= 4) {
		p->vtid = (int64_t)reader_u64(r);
		p->vpid = (int64_t)reader_u64(r);
		p->cgroups = read_text(b, r, EVENT_STRING_BYTES);
	}
	if (version >= 5)
		p->root = read_text(b, r, SCAP_PATH_BYTES);
	if (version >= 9)
		read_process_tail(r, p);
}

static int read_processes(struct body *b, unsigned int version)
{
	struct process_record p;
	struct reader entry;
	int e;

	while (b->r.len >= sizeof(uint32_t)) {
		entry = read_entry(b, version >= 9, true);
		read_process(b, &entry, version, &p);
		if (entry.failed || b->r.failed)
			return fault(b, &entry, "process");
		end_entry(b, &entry, version >= 9);
		e = b->to->process ? b->to->process(b->to->context, &p) : 0;
		if (e < 0)
			return error_set(b->err, e, "cannot take over process %lld", (long long)p.tid);
	}
	return 0;
}

/* ---- descriptors ---- */

static void read_bytes(struct reader *r, uint8_t *to, size_t n)
{
	const uint8_t *from = reader_take(r, n);

	if (from)
		memcpy(to, from, n);
}

static void read_socket(struct reader *r, struct fd_record *fd, size_t address_bytes, bool server)
{
	if (!server) {
		read_bytes(r, fd->sip, address_bytes);
		read_bytes(r, fd->dip, address_bytes);
		fd->sport = reader_u16(r);
	} else {
		read_bytes(r, fd->dip, address_bytes);
	}
	fd->dport = reader_u16(r);
	fd->l4 = reader_u8(r);
}

static void read_fd(struct body *b, struct reader *r, bool v2, struct fd_record *fd)
{
	*fd = (struct fd_record){ .name = STR("") };
	fd->number = (int64_t)reader_u64(r);
	fd->ino = reader_u64(r);
	fd->type = reader_u8(r);
	switch (fd->type) {
	case SCAP_FD_IPV4:
	case SCAP_FD_IPV4_SERVER:
		read_socket(r, fd, 4, fd->type == SCAP_FD_IPV4_SERVER);
		break;
	case SCAP_FD_IPV6:
	case SCAP_FD_IPV6_SERVER:
		read_socket(r, fd, 16, fd->type == SCAP_FD_IPV6_SERVER);
		break;
	case SCAP_FD_UNIX:
		fd->unix_source = reader_u64(r);
		fd->unix_destination = reader_u64(r);
		fd->name = read_text(b, r, SCAP_PATH_BYTES);
		break;
	case SCAP_FD_REGULAR:
		fd->open_flags = reader_u32(r);
		fd->name = read_text(b, r, SCAP_PATH_BYTES);
		if (v2 && r->len) /* the first writers of this version lack it */
			fd->dev = reader_u32(r);
		break;
	default:
		if (fd->type == 0 || fd->type > SCAP_FD_LAST)
			break; /* the caller decides whether it can be skipped */
		fd->name = read_text(b, r, SCAP_PATH_BYTES);
		break;
	}
}

static int read_fds(struct body *b, bool v2)
{
	int64_t tid = (int64_t)reader_u64(&b->r);
	struct fd_record fd;
	struct reader entry;
	int e;

	if (b->r.failed)
		return fault(b, &b->r, "descriptor list");
	while (b->r.len >= sizeof(uint32_t)) {
		entry = read_entry(b, v2, true);
		read_fd(b, &entry, v2, &fd);
		if (entry.failed || b->r.failed)
			return fault(b, &entry, "descriptor");
		if (fd.type == 0 || fd.type > SCAP_FD_LAST) {
			if (v2)
				continue;
			return error_set(b->err, -EBADMSG, "offset %llu: descriptor type %u is not known",
					 (unsigned long long)(b->at + (uint64_t)(b->r.ptr - b->start)), fd.type);
		}
		end_entry(b, &entry, v2);
		e = b->to->fd ? b->to->fd(b->to->context, tid, &fd) : 0;
		if (e < 0)
			return error_set(b->err, e, "cannot take over descriptor %lld of process %lld",
					 (long long)fd.number, (long long)tid);
	}
	return 0;
}

/* ---- users and groups ---- */

static int read_user(struct body *b, struct reader *r)
{
	uint8_t kind = reader_u8(r);
	uint32_t uid = kind == 0 ? reader_u32(r) : 0;
	uint32_t gid = reader_u32(r);
	struct str name = read_text(b, r, SCAP_NAME_BYTES), home = STR(""), shell = STR("");

	if (kind == 0) {
		home = read_text(b, r, SCAP_NAME_BYTES);
		shell = read_text(b, r, SCAP_NAME_BYTES);
	}
	if (r->failed || kind > 1)
		return r->failed ? -EBADMSG : 1; /* an entry of another kind */
	if (kind == 0)
		return b->to->user ? b->to->user(b->to->context, uid, gid, name, home, shell) : 0;
	return b->to->group ? b->to->group(b->to->context, gid, name) : 0;
}

static int read_users(struct body *b, bool v2)
{
	struct reader entry;
	int e;

	while (b->r.len >= sizeof(uint32_t)) {
		entry = read_entry(b, v2, true);
		e = read_user(b, &entry);
		if (entry.failed || b->r.failed)
			return fault(b, &entry, "user or group");
		if (e > 0 && !v2)
			return error_set(b->err, -EBADMSG, "offset %llu: a user (0) or a group (1) was expected",
					 (unsigned long long)(b->at + (uint64_t)(b->r.ptr - b->start)));
		end_entry(b, &entry, v2);
		if (e < 0)
			return error_set(b->err, e, "cannot take over a user or group");
	}
	return 0;
}

/* ---- interfaces ---- */

enum { INTERFACE_V4 = 1, INTERFACE_V6 = 2, INTERFACE_V4_NO_SPEED = 3, INTERFACE_V6_NO_SPEED = 4 };

static int read_interface(struct body *b, struct reader *r)
{
	uint16_t type = reader_u16(r), name_len = reader_u16(r);
	struct interface_record i = { .v6 = type == INTERFACE_V6 || type == INTERFACE_V6_NO_SPEED };
	size_t address_bytes = i.v6 ? 16 : 4;

	if (type < INTERFACE_V4 || type > INTERFACE_V6_NO_SPEED)
		return 1; /* an entry of another kind */
	read_bytes(r, i.address, address_bytes);
	read_bytes(r, i.netmask, address_bytes);
	reader_take(r, address_bytes); /* broadcast */
	if (type == INTERFACE_V4 || type == INTERFACE_V6)
		reader_u64(r); /* link speed */
	i.name = reader_str(r, name_len);
	if (r->failed)
		return -EBADMSG;
	return b->to->interface ? b->to->interface(b->to->context, &i) : 0;
}

static int read_interfaces(struct body *b, bool v2)
{
	struct reader entry;
	int e;

	while (b->r.len >= sizeof(uint32_t)) {
		entry = read_entry(b, v2, false);
		e = read_interface(b, &entry);
		if (entry.failed || b->r.failed)
			return fault(b, &entry, "network interface");
		if (e > 0 && !v2)
			return error_set(b->err, -EBADMSG, "offset %llu: an interface (1 to 4) was expected",
					 (unsigned long long)(b->at + (uint64_t)(b->r.ptr - b->start)));
		end_entry(b, &entry, v2);
		if (e < 0)
			return error_set(b->err, e, "cannot take over a network interface");
	}
	return 0;
}

/* ---- which is which ---- */

enum kind { MACHINE, PROCESSES, FDS, USERS, INTERFACES };

static const struct {
	uint32_t type;
	enum kind kind;
	unsigned int version;
} blocks[] = {
	{ SCAP_MACHINE, MACHINE, 1 }, { 0x8002abcd, MACHINE, 1 },
	{ 0x202, PROCESSES, 1 }, { 0x8000abcd, PROCESSES, 1 },
	{ 0x207, PROCESSES, 2 }, { 0x8013abcd, PROCESSES, 2 },
	{ 0x209, PROCESSES, 3 }, { 0x8014abcd, PROCESSES, 3 },
	{ 0x210, PROCESSES, 4 }, { 0x211, PROCESSES, 5 },
	{ 0x212, PROCESSES, 6 }, { 0x213, PROCESSES, 7 },
	{ 0x214, PROCESSES, 8 }, { SCAP_PROCESSES, PROCESSES, 9 },
	{ 0x203, FDS, 1 },	 { 0x8001abcd, FDS, 1 },
	{ 0x218, FDS, 2 },	 { 0x206, USERS, 1 },
	{ 0x8012abcd, USERS, 1 }, { 0x220, USERS, 2 },
	{ 0x205, INTERFACES, 1 }, { 0x8011abcd, INTERFACES, 1 },
	{ 0x219, INTERFACES, 2 },
};

int scap_meta_read(uint32_t type, const uint8_t *body, size_t len, uint64_t at, const struct scap_receiver *receiver,
		   struct error *err)
{
	struct body b = { .r = reader_of(body, len), .start = body, .at = at, .to = receiver, .err = err };

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		if (blocks[i].type != type)
			continue;
		switch (blocks[i].kind) {
		case MACHINE:
			return read_machine(&b);
		case PROCESSES:
			return read_processes(&b, blocks[i].version);
		case FDS:
			return read_fds(&b, blocks[i].version >= 2);
		case USERS:
			return read_users(&b, blocks[i].version >= 2);
		case INTERFACES:
			return read_interfaces(&b, blocks[i].version >= 2);
		}
	}
	return 0; /* a kind that is not known */
}
