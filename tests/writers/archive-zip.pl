#!/usr/bin/perl
# Writes an archive of the current folder: archive-zip.pl TARGET|- deflated|stored seekable|streamed
use strict;
use warnings;
use Archive::Zip qw(:ERROR_CODES :CONSTANTS);

my ($target, $method, $way) = @ARGV;
my $zip = Archive::Zip->new();
$zip->addTree(".") == AZ_OK or die "addTree";
for my $member ($zip->members()) {
    $member->desiredCompressionMethod($method eq "stored" ? COMPRESSION_STORED : COMPRESSION_DEFLATED);
}
if ($way eq "streamed") {
    binmode STDOUT;
    $zip->writeToFileHandle(\*STDOUT, 0) == AZ_OK or die "writeToFileHandle";
} else {
    $zip->writeToFileNamed($target) == AZ_OK or die "writeToFileNamed";
}
