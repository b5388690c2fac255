/* A STUB of VMware's libvixDiskLib, for tests only: what nbdkit's vddk plugin calls, over raw files of this machine.
 *
 * It proves nothing about the real library: see docs/vsphere.md. Its behaviour is read from stub.conf in the folder
 * that InitEx is given ("key value" lines, read again whenever a disk is opened):
 *
 *   user, password, thumbprint, vm, snapshot, server   what a connection must bring, or it is refused
 *   datastores DIR     "[gold] a/a.vmdk" is DIR/gold/a/a-flat.vmdk, or a.vmdk; else FOLDER/datastores
 *   delay_us N         each read and each question about areas takes so long
 *   nfc_bytes N        more bytes under way at once than that: NFC error 5
 *   opens N            more disks open at once than that: NFC error 5
 *   fail_read N CODE   from the Nth read on, each fails with that code
 *   hang_read N        the Nth read never ends
 *   locked, missing, refused, forbidden, no_areas   1: opening fails so; areas are not told
 *
 * Compiled once for each version: -DVERSION=60 (too old: no Wait), 65 (no areas), 67, 70, 80, 90.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define CHUNK 128 /* sectors: areas are told in multiples of it */
#define THREADS 32

enum { OK = 0, FAIL = 1, NO_MEMORY = 2, INVALID = 3, NOT_FOUND = 4, NOT_SUPPORTED = 6, NO_ACCESS = 13,
       NO_PERMISSION = 3014, REFUSED = 14009, LOCKED = 16392, CANNOT_CONNECT = 18000, PENDING = 25000 };

typedef uint64_t Error;
typedef void Log(const char *format, va_list args);
typedef void Done(void *data, Error result);

/* Public structures of the library, as its programming guide gives them. */
typedef struct {
  char *vmx, *server, *thumbprint;
  long reserved1;
  int credentials;
  union {
    struct { char *user, *password; } uid;
    struct { char *cookie, *user, *key; } session;
    void *reserved2;
  } login;
  uint32_t port, nfc_port;
  char *reserved3, reserved4[8];
  void *reserved5;
  struct { char *id, *datastore, *snapshot; } object;
  int kind;
} Params;

typedef struct {
  struct { uint32_t cylinders, heads, sectors; } bios, physical;
  uint64_t capacity; /* sectors */
  int adapter, links;
  char *parent, *uuid;
#if VERSION >= 70
  uint32_t logical_sector, physical_sector;
#endif
} Info;

typedef struct { uint64_t offset, length; } Area;
typedef struct { uint32_t count; Area areas[1]; } Areas;
typedef struct { char snapshot[64]; } Connection;
typedef struct { int file; uint64_t sectors; } Disk;

typedef struct Read {
  struct Read *next;
  Disk *disk;
  uint64_t start, count;
  unsigned char *buffer;
  Done *done;
  void *data;
  Error result;
} Read;

static struct {
  char user[256], password[256], thumbprint[256], vm[256], snapshot[64], server[256], datastores[1024];
  long delay_us, nfc_bytes, opens, fail_read, fail_code, hang_read, locked, missing, refused, forbidden, no_areas;
} conf;

static char folder[1024];
static Log *log_, *warn_;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER, fewer = PTHREAD_COND_INITIALIZER;
static Read *first, **last = &first;
static long under_way, bytes_under_way, most_bytes, reads, open_disks;
static pthread_t threads[THREADS];
static bool ending;

static void say(Log *to, const char *format, ...) {
  va_list args;
  va_start(args, format);
  if (to) to(format, args); /* nbdkit gives none where it only asks what the library can do */
  va_end(args);
}

static void text(const char *key, const char *value, const char *name, char *into, size_t size) {
  if (!strcmp(key, name)) snprintf(into, size, "%s", value);
}

static void number(const char *key, const char *value, const char *name, long *into) {
  if (!strcmp(key, name)) *into = atol(value);
}

static void configure(void) {
  char path[1100], line[1400], key[64], value[1200];
  memset(&conf, 0, sizeof conf);
  snprintf(conf.datastores, sizeof conf.datastores, "%.1000s/datastores", folder);
  snprintf(path, sizeof path, "%s/stub.conf", folder);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "%63s %1199[^\n]", key, value) != 2) continue;
#define TEXT(name) text(key, value, #name, conf.name, sizeof conf.name)
#define NUMBER(name) number(key, value, #name, &conf.name)
    TEXT(user); TEXT(password); TEXT(thumbprint); TEXT(vm); TEXT(snapshot); TEXT(server); TEXT(datastores);
    NUMBER(delay_us); NUMBER(nfc_bytes); NUMBER(opens); NUMBER(hang_read); NUMBER(locked); NUMBER(missing);
    NUMBER(refused); NUMBER(forbidden); NUMBER(no_areas);
    if (!strcmp(key, "fail_read")) sscanf(value, "%ld %ld", &conf.fail_read, &conf.fail_code);
  }
  if (file) fclose(file);
}

/* An answer comes from a thread of the library's own, as the real one's do. */
static void *serve(void *unused) {
  for (;;) {
    pthread_mutex_lock(&lock);
    while (!first && !ending) pthread_cond_wait(&more, &lock);
    Read *read = first;
    if (read && !(first = read->next)) last = &first;
    pthread_mutex_unlock(&lock);
    if (!read) return unused;
    if (conf.delay_us) usleep(conf.delay_us);
    size_t length = read->count * SECTOR;
    if (read->result == OK && pread(read->disk->file, read->buffer, length, read->start * SECTOR) != (ssize_t)length)
      read->result = FAIL;
    pthread_mutex_lock(&lock);
    bytes_under_way -= length;
    pthread_mutex_unlock(&lock);
    read->done(read->data, read->result);
    free(read);
    pthread_mutex_lock(&lock);
    under_way--;
    pthread_cond_broadcast(&fewer);
    pthread_mutex_unlock(&lock);
  }
}

static Error out_of_nfc(long size) {
  say(warn_, "[NFC ERROR] NfcFssrvrProcessErrorMsg: received NFC error 5 from server: "
             "Failed to allocate the requested %ld bytes\n", size);
  return NO_MEMORY;
}

Error VixDiskLib_InitEx(uint32_t major, uint32_t minor, Log *log, Log *warn, Log *panic, const char *libdir,
                        const char *config) {
  log_ = log, warn_ = warn;
  snprintf(folder, sizeof folder, "%s", libdir);
  configure();
  say(log_, "stub: version %d, asked for %u.%u\n", VERSION, major, minor);
  FILE *file = config ? fopen(config, "r") : NULL;
  char line[512];
  while (file && fgets(line, sizeof line, file)) say(log_, "stub: config %s", line);
  if (file) fclose(file);
  for (int n = 0; n < THREADS; n++)
    if (pthread_create(&threads[n], NULL, serve, NULL)) return NO_MEMORY;
  return OK;
}

/* It is unloaded next: no thread may run in it any more. */
void VixDiskLib_Exit(void) {
  say(log_, "stub: exit, at most %ld bytes under way\n", most_bytes);
  pthread_mutex_lock(&lock);
  ending = true;
  pthread_cond_broadcast(&more);
  pthread_mutex_unlock(&lock);
  for (int n = 0; n < THREADS; n++) pthread_join(threads[n], NULL);
}

char *VixDiskLib_GetErrorText(Error error, const char *unused) {
  switch (error) {
  case NO_MEMORY: return strdup("Memory allocation failed. Out of memory.");
  case INVALID: return strdup("One of the parameters was invalid");
  case NOT_FOUND: return strdup("A file was not found");
  case NOT_SUPPORTED: return strdup("The operation is not supported");
  case NO_ACCESS: return strdup("You do not have access rights to this file");
  case NO_PERMISSION: return strdup("Insufficient permissions in the host operating system");
  case REFUSED: return strdup("The server refused connection");
  case LOCKED: return strdup("Failed to lock the file");
  case CANNOT_CONNECT: return strdup("Cannot connect to host");
  default: return strdup("Unknown error");
  }
}

void VixDiskLib_FreeErrorText(char *text) { free(text); }

#if VERSION >= 67
Params *VixDiskLib_AllocateConnectParams(void) { return calloc(1, sizeof(Params)); }
#endif
void VixDiskLib_FreeConnectParams(Params *params) { free(params); }

static bool differs(const char *wanted, const char *found) { return *wanted && (!found || strcasecmp(wanted, found)); }

Error VixDiskLib_ConnectEx(const Params *params, char read_only, const char *snapshot, const char *transports,
                           Connection **made) {
  configure();
  say(log_, "stub: connect server=%s port=%u user=%s vm=%s snapshot=%s transports=%s read_only=%d\n", params->server,
      params->port, params->login.uid.user, params->vmx, snapshot ? snapshot : "", transports ? transports : "",
      read_only);
  if (conf.refused) return REFUSED;
  if (differs(conf.server, params->server)) return CANNOT_CONNECT;
  if (differs(conf.thumbprint, params->thumbprint)) {
    say(log_, "VixDiskLibVim: Failed to verify SSL certificate: actual thumbprint=%s expected=%s\n", conf.thumbprint,
        params->thumbprint);
    return CANNOT_CONNECT;
  }
  if (differs(conf.user, params->login.uid.user) || (*conf.password && strcmp(conf.password, params->login.uid.password))) {
    say(warn_, "VixDiskLibVim: Cannot complete login due to an incorrect user name or password.\n");
    return NO_PERMISSION;
  }
  if (differs(conf.vm, params->vmx) || (*conf.snapshot && (!snapshot || strcmp(conf.snapshot, snapshot)))) return INVALID;
  *made = calloc(1, sizeof **made);
  return OK;
}

Error VixDiskLib_Disconnect(Connection *connection) {
  free(connection);
  return OK;
}

static int open_file(const char *path) {
  const char *end = strstr(path, "] ");
  if (*path != '[' || !end || strstr(path, "..")) return -1;
  char name[2048];
  int length = snprintf(name, sizeof name, "%s/%.*s/%s", conf.datastores, (int)(end - path - 1), path + 1, end + 2);
  if (length > 5 && length < (int)sizeof name - 16) {
    strcpy(name + length - 5, "-flat.vmdk");
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file >= 0) return file;
    strcpy(name + length - 5, ".vmdk");
  }
  return open(name, O_RDONLY | O_CLOEXEC);
}

Error VixDiskLib_Open(Connection *connection, const char *path, uint32_t flags, Disk **made) {
  say(log_, "stub: open %s flags=%u\n", path, flags);
  if (conf.locked) return LOCKED;
  if (conf.forbidden) return NO_ACCESS;
  struct stat stat;
  int file = conf.missing ? -1 : open_file(path);
  if (file < 0 || fstat(file, &stat)) return NOT_FOUND;
  pthread_mutex_lock(&lock);
  bool is_full = conf.opens && open_disks >= conf.opens;
  open_disks += !is_full;
  say(log_, "stub: %ld disks open\n", open_disks);
  pthread_mutex_unlock(&lock);
  if (is_full) {
    close(file);
    return out_of_nfc(1 << 20);
  }
  *made = calloc(1, sizeof **made);
  (*made)->file = file, (*made)->sectors = stat.st_size / SECTOR;
  return OK;
}

const char *VixDiskLib_GetTransportMode(Disk *disk) { return "nbdssl"; }
const char *VixDiskLib_ListTransportModes(void) { return "file:nbdssl:nbd"; }

Error VixDiskLib_Close(Disk *disk) {
  pthread_mutex_lock(&lock);
  open_disks--;
  pthread_mutex_unlock(&lock);
  close(disk->file);
  free(disk);
  return OK;
}

Error VixDiskLib_GetInfo(Disk *disk, Info **made) {
  *made = calloc(1, sizeof **made);
  (*made)->capacity = disk->sectors, (*made)->links = 1;
#if VERSION >= 70
  (*made)->logical_sector = (*made)->physical_sector = SECTOR;
#endif
  return OK;
}

void VixDiskLib_FreeInfo(Info *info) { free(info); }

/* Whether this read is begun; if not, what its result is. */
static Error begin(Disk *disk, uint64_t start, uint64_t count, bool *hangs) {
  long size = count * SECTOR;
  if (start + count > disk->sectors) return INVALID;
  reads++;
  if ((*hangs = conf.hang_read && reads == conf.hang_read)) say(log_, "stub: read %ld hangs\n", reads);
  if (conf.fail_read && reads >= conf.fail_read) return conf.fail_code;
  if (conf.nfc_bytes && bytes_under_way + size > conf.nfc_bytes) return out_of_nfc(size);
  return OK;
}

Error VixDiskLib_ReadAsync(Disk *disk, uint64_t start, uint64_t count, unsigned char *buffer, Done *done, void *data) {
  Read *read = calloc(1, sizeof *read);
  *read = (Read){ .disk = disk, .start = start, .count = count, .buffer = buffer, .done = done, .data = data };
  bool hangs = false;
  pthread_mutex_lock(&lock);
  read->result = begin(disk, start, count, &hangs);
  if (!hangs) {
    bytes_under_way += count * SECTOR, under_way++;
    if (read->result == OK && bytes_under_way > most_bytes) most_bytes = bytes_under_way;
    *last = read, last = &read->next;
    pthread_cond_signal(&more);
  }
  pthread_mutex_unlock(&lock);
  return PENDING;
}

Error VixDiskLib_Read(Disk *disk, uint64_t start, uint64_t count, unsigned char *buffer) {
  if (start + count > disk->sectors) return INVALID;
  ssize_t length = count * SECTOR;
  return pread(disk->file, buffer, length, start * SECTOR) == length ? OK : FAIL;
}

#if VERSION >= 65
Error VixDiskLib_Wait(Disk *disk) {
  pthread_mutex_lock(&lock);
  while (under_way) pthread_cond_wait(&fewer, &lock);
  pthread_mutex_unlock(&lock);
  return OK;
}
#endif

/* Nothing of ours writes to a source. */
Error VixDiskLib_Create(Connection *connection, const char *path, const void *create, void *progress, void *data) {
  return NO_ACCESS;
}
Error VixDiskLib_Write(Disk *disk, uint64_t start, uint64_t count, const unsigned char *buffer) { return NO_ACCESS; }
Error VixDiskLib_WriteAsync(Disk *disk, uint64_t start, uint64_t count, const unsigned char *buffer, Done *done,
                            void *data) {
  return NO_ACCESS;
}
Error VixDiskLib_Flush(Disk *disk) { return OK; }

#if VERSION >= 67
Error VixDiskLib_QueryAllocatedBlocks(Disk *disk, uint64_t start, uint64_t count, uint64_t chunk, Areas **made) {
  if (conf.no_areas) return NOT_SUPPORTED;
  if (chunk < CHUNK || start % chunk || count % chunk || start + count > disk->sectors) return INVALID;
  if (conf.delay_us) usleep(conf.delay_us);
  uint64_t room = count / chunk / 2 + 2;
  Areas *found = *made = calloc(1, sizeof(Areas) + room * sizeof(Area));
  off_t at = start * SECTOR, end = (start + count) * SECTOR, step = chunk * SECTOR;
  while (at < end && (at = lseek(disk->file, at, SEEK_DATA)) >= 0 && at < end) {
    off_t until = lseek(disk->file, at, SEEK_HOLE);
    at -= at % step;
    until = until < 0 || until > end ? end : (until + step - 1) / step * step;
    Area *before = found->count ? &found->areas[found->count - 1] : NULL;
    if (before && before->offset + before->length == (uint64_t)at / SECTOR)
      before->length += (until - at) / SECTOR;
    else
      found->areas[found->count++] = (Area){ at / SECTOR, (until - at) / SECTOR };
    at = until;
  }
  return OK;
}

Error VixDiskLib_FreeBlockList(Areas *areas) {
  free(areas);
  return OK;
}
#endif
