<?xml version="1.0"?>
<CHANNEL HREF="https://cdf.example/" LASTMOD="1998-11-05T10:00">
  <TITLE>Invented channel</TITLE>
  <ABSTRACT>Of an old kind</ABSTRACT>
  <ITEM HREF="https://cdf.example/1" LASTMOD="1999-11-05T10:00"><TITLE>First</TITLE><ABSTRACT>About the first</ABSTRACT></ITEM>
  <ITEM HREF="https://cdf.example/2"/>
</CHANNEL>
